"""Fashion-MNIST from its idx files: what two recipes reach on the 10,000 test pictures.

    python benchmarks/fashion_mnist.py [--data FOLDER] [--keep FOLDER]

Of the 60,000 training pictures 54,000 are trained on and 6,000 choose the best epoch. The recipes were tried on the
test pictures before: README.md beside this file says how often. Published on the same test pictures (the data set's
README): a multilayer perceptron 256-128-100 88.3 %, two convolutions with pooling 91.6 %, people 83.5 %.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "fashion-mnist"
RECIPES = ("fashion-mnist-dense128", "fashion-mnist-lenet")
GLASSHOUSE = str(Path(sys.executable).with_name("glasshouse"))


def told(*arguments: str) -> dict[str, object]:
    done = subprocess.run([GLASSHOUSE, *arguments, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=DATA)
    arguments.add_argument("--keep", type=Path, help="folder for the dataset and the runs")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = options.keep or Path(spare)
        data = str(folder / "data")
        made = told(
            "dataset", "create", str(options.data), "--out", data, "--size", "28", "--color", "gray", "--valid", "0.1"
        )
        print(f"Splits: {made['splits']}", file=sys.stderr)
        print("| recipe | test accuracy | 95 % interval | pictures | seconds of training |\n|---|---|---|---|---|")
        for name in RECIPES:
            run = str(folder / name)
            trained = told(
                "train", "--data", data, "--recipe", str(ROOT / "docs" / "recipes" / f"{name}.json"), "--out", run
            )
            test = told("evaluate", run, "--split", "test")
            low, high = test["interval"]  # type: ignore[misc]
            interval = f"{low:.1%} to {high:.1%} | {test['count']:,}"
            print(f"| {name} | {test['accuracy']:.2%} | {interval} | {trained['seconds']:.0f} |")
    print(f"\n{platform.machine()}, Python {platform.python_version()}, torch {version('torch')}.")


if __name__ == "__main__":
    main()
