"""The whole job: dogs-vs-cats (2,000 + 1,000 photos) with mobilenet_v2, Glasshouse against fastai, in one run.

    python benchmarks/main_job.py --peer PYTHON [--repeat 3]

Each repetition starts from the folder of photos with empty caches: Glasshouse makes the dataset, computes the frozen
network's features, trains the head and reports; fastai trains its head for one frozen epoch. PYTHON is an interpreter
of an environment with fastai. The runs alternate; medians are quoted.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
DATA = SHARED / "data" / "dogs-vs-cats"
WEIGHTS = SHARED / "weights" / "mobilenet_v2.safetensors"


def glasshouse() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("glasshouse")), "train", "--data", str(DATA)]
        command += ["--network", "mobilenet_v2", "--weights", str(WEIGHTS), "--strategy", "features"]
        command += ["--out", f"{folder}/run", "--json"]
        start = time.perf_counter()
        environment = {**os.environ, "GLASSHOUSE_HOME": folder}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "accuracy": json.loads(done.stdout)["accuracy"]}


def fastai(peer: str) -> dict[str, float]:
    script = Path(__file__).parent / "peers" / "fastai_frozen.py"
    start = time.perf_counter()
    done = subprocess.run([peer, str(script), str(DATA), str(WEIGHTS)], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "accuracy": json.loads(done.stdout.splitlines()[-1])["accuracy"]}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--peer", required=True, help="python of an environment with fastai")
    arguments.add_argument("--repeat", type=int, default=3)
    options = arguments.parse_args()
    ours, theirs = [], []
    for number in range(options.repeat):
        ours.append(glasshouse())
        theirs.append(fastai(options.peer))
        print(f"{number + 1}: glasshouse {ours[-1]}, fastai {theirs[-1]}", file=sys.stderr)
    print("| | seconds, median (all) | accuracy on the 1,000 val photos |\n|---|---|---|")
    for name, runs in (("Glasshouse, features", ours), ("fastai, one frozen epoch", theirs)):
        seconds = [run["seconds"] for run in runs]
        every = ", ".join(f"{value:.1f}" for value in seconds)
        accuracies = ", ".join(f"{value:.1%}" for value in sorted({run["accuracy"] for run in runs}))
        print(f"| {name} | {statistics.median(seconds):.1f} ({every}) | {accuracies} |")
    ratio = statistics.median(t["seconds"] / o["seconds"] for o, t in zip(ours, theirs))
    print(
        f"\nRatio, median of {options.repeat} pairs: {ratio:.1f}. {platform.processor() or platform.machine()}, ",
        end="",
    )
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, torch {version('torch')}.")


if __name__ == "__main__":
    main()
