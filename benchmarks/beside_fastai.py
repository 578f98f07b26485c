"""fastai's ``fine_tune(1)`` and ``fine_tune(4)``, and a search of Glasshouse in the same minutes with the same weights.

    python benchmarks/beside_fastai.py --peer PYTHON [--data FOLDER] [--epochs 1 4]

PYTHON is an interpreter of an environment with fastai. Both begin from the folder of photos, with empty caches and the
weights of EfficientNetLite0 that come with Glasshouse. The search is given the minutes that fastai took, no more. Both
are judged on ``val``; the search chooses on ``train`` alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from glasshouse.evaluation.intervals import wilson

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "imagenette"
PEER = Path(__file__).parent / "peers" / "fastai_fine_tune.py"
GLASSHOUSE = str(Path(sys.executable).with_name("glasshouse"))


def fastai(peer: str, data: Path, epochs: int) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        [peer, str(PEER), str(data), str(epochs)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    return {**json.loads(done.stdout.splitlines()[-1]), "seconds": time.perf_counter() - start}


def searched(data: Path, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run(
            [GLASSHOUSE, "search", "--data", str(data), "--minutes", f"{seconds / 60:.3f}", "--json",
             "--out", f"{folder}/search"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "GLASSHOUSE_HOME": folder},
        )  # fmt: skip
        accuracy = json.loads(done.stdout)["best"]["valid_accuracy"]
        return {"seconds": time.perf_counter() - start, "accuracy": accuracy}


def row(name: str, found: dict[str, Any], count: int) -> str:
    low, high = wilson(round(found["accuracy"] * count), count)
    return f"| {name} | {found['seconds']:.0f} | {found['accuracy']:.2%} ({low:.1%} to {high:.1%}) |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--peer", required=True, help="python of an environment with fastai")
    arguments.add_argument("--data", type=Path, default=DATA)
    arguments.add_argument("--epochs", type=int, nargs="*", default=[1, 4])
    options = arguments.parse_args()
    count = sum(1 for file in (options.data / "val").rglob("*") if file.is_file())
    print("| | seconds | accuracy on val (95 % interval) |\n|---|---|---|")
    for epochs in options.epochs:
        theirs = fastai(options.peer, options.data, epochs)
        print(row(f"fastai {theirs['versions']['fastai']}, `fine_tune({epochs})`", theirs, count), flush=True)
        print(row("Glasshouse, search in the same time", searched(options.data, theirs["seconds"]), count), flush=True)
    print(f"\n{options.data.name}; load {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
