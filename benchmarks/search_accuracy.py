"""What a search finds in the minutes it is given, and what few pictures are enough for.

    python benchmarks/search_accuracy.py [dogs-vs-cats|imagenette|few|fashion-mnist ...] [--data FOLDER] [--minutes N]

The search sees the training pictures alone; the validation pictures judge its winner once. Of Fashion-MNIST the 10,000
test pictures are sealed until the search is over. ``few`` takes 1, 5 and 20 training pictures of each class of
imagenette, ten times, and fits the head as the search's first candidate does; imagenette's pictures come from ImageNet,
on which the weights were trained. The load of the machine is noted, because minutes are of the clock.
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

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.splitting.folds import fold_count, fold_numbers
from glasshouse.evaluation.intervals import wilson
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.head_fitting import ALONE
from glasshouse.training.linear_head import log_softmax, solve, strengths_tried
from glasshouse.training.setup import gather, train_features

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
GLASSHOUSE = str(Path(sys.executable).with_name("glasshouse"))
DRAWS, SIZES = 10, (1, 5, 20)
Features = NDArray[np.float32]


def told(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([GLASSHOUSE, *arguments, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def percent(share: float, interval: tuple[float, float]) -> str:
    return f"{share:.2%} ({interval[0]:.1%} to {interval[1]:.1%})"


def searched(source: Path, minutes: float, folder: Path) -> dict[str, Any]:
    """Search, print a row of the table, and return what was found."""
    begun, load = time.monotonic(), os.getloadavg()[0]
    found = told("search", "--data", str(source), "--minutes", str(minutes), "--out", str(folder))
    seconds, best = time.monotonic() - begun, found["best"]
    judged = percent(best["valid_accuracy"], best["valid_interval"]) if best["valid_accuracy"] is not None else "none"
    fair = percent(best["corrected"], best["corrected_interval"])
    print(f"| {source.name} | {minutes:g} | {judged} | {fair} | {best['network']}, {best['strategy']} | "
          f"{len(found['candidates'])} | {seconds - 60 * minutes:+.0f} s | {load:.1f} |")  # fmt: skip
    return found


def fashion(source: Path, minutes: float, folder: Path) -> None:
    data = folder / "fashion"
    told("dataset", "create", str(source), "--out", str(data), "--size", "28", "--color", "gray", "--valid", "0.1")
    found = searched(data, minutes, folder / "fashion-search")
    test = told("evaluate", found["best"]["run"], "--data", str(data), "--split", "test")
    print(f"fashion-mnist, {test['count']:,} test pictures: {percent(test['accuracy'], test['interval'])}")


def frozen(dataset: Dataset, split: str, folder: Path) -> Features:
    """Return the features (N, F) of the box's network for a split."""
    recipe = TrainingRecipe(data=str(dataset.path), network="EfficientNetLite0", weights="pretrained",
                            strategy="features")  # fmt: skip
    if split == "val":
        dataset.splits["train"] = dataset.splits["val"]
    steps = train_features(gather(recipe.resolved(), dataset), folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Features = end.value[0].numpy()
            return found


def fitted(x: Features, y: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return the head as the strategy features finds it: its strength by folds, where there are enough pictures."""
    w, alone = np.ones(len(y)), np.arange(len(y))
    folds, strength = fold_count(y, alone), ALONE
    if folds > 1:
        fold = fold_numbers(y, alone, [str(i) for i in alone], folds)
        strength = min(strengths_tried(x[None], y, w, classes, fold), key=lambda one: one[1])[0]
    return solve(x, y, w, classes, strength)


def few(source: Path, folder: Path) -> None:
    data = ImageData.from_folder(source, size=224, out=folder / "few").dataset
    y, truth, classes = data.splits["train"].labels, data.splits["val"].labels, len(data.classes)
    x = frozen(data, "train", folder)
    seen = frozen(ImageData.open(folder / "few").dataset, "val", folder)
    print(
        "\n| pictures a class | mean of ten draws | lowest to highest | 95 % interval of the mean |\n|---|---|---|---|"
    )
    for size in SIZES:
        right = []
        for draw in range(DRAWS):
            order = np.random.default_rng(draw).permutation(len(y))
            rows = np.concatenate([order[y[order] == k][:size] for k in range(classes)])
            weights = fitted(x[rows], y[rows], classes)
            right.append(log_softmax(seen @ weights[:-1] + weights[-1]).argmax(1) == truth)
        each = np.mean(right, 1)
        low, high = wilson(int(np.sum(right) / DRAWS), len(truth))
        print(f"| {size} | {each.mean():.2%} | {each.min():.1%} to {each.max():.1%} | {low:.1%} to {high:.1%} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", nargs="*", default=["dogs-vs-cats", "imagenette", "few", "fashion-mnist"])
    arguments.add_argument("--data", type=Path, default=SHARED)
    arguments.add_argument("--minutes", type=float, help="5, and 15 of Fashion-MNIST")
    options = arguments.parse_args()
    print("| data | minutes | judged on val | out of fold, corrected | winner | candidates | beyond | load |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        os.environ["GLASSHOUSE_HOME"] = str(folder / "home")
        for name in options.what:
            if name == "few":
                few(options.data / "imagenette", folder)
            elif name == "fashion-mnist":
                fashion(options.data / name, options.minutes or 15, folder)
            else:
                searched(options.data / name, options.minutes or 5, folder / name)


if __name__ == "__main__":
    main()
