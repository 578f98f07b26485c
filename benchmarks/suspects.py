"""Are planted wrong labels found, and is their number told? Imagenette with 5, 10 and 20 % of the labels flipped.

    python benchmarks/suspects.py [--shared ../shared] [--set imagenette] [--seeds 5] [--json FILE]

Labels are flipped at random, to any other class or to the most similar one (the nearest mean of features). As many
suspects are taken as labels were flipped: precision and recall are then the same number. The reported number of
wrong labels is compared with the number that was flipped.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.prepare import create_dataset
from glasshouse.events import result_of
from glasshouse.explanation.suspects import Judgement, judged_labels
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.setup import gather, train_features

RATES = (0.05, 0.1, 0.2)
Labels = NDArray[np.int64]


def nearest(x: NDArray[np.float32], y: Labels) -> Labels:
    """Return the most similar other class of each class, int64 (K,)."""
    means = np.stack([x[y == label].mean(0) for label in np.unique(y)])
    distance = ((means[:, None] - means[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    return distance.argmin(1)


def flipped(y: Labels, rate: float, seed: int, to: Labels | None) -> tuple[Labels, Labels]:
    """Return the labels with some flipped, and which those are; ``to`` is None for any other class."""
    draw, classes = np.random.default_rng(seed), int(y.max()) + 1
    rows = draw.choice(len(y), round(rate * len(y)), replace=False)
    wrong = y.copy()
    wrong[rows] = (y[rows] + draw.integers(1, classes, len(rows))) % classes if to is None else to[y[rows]]
    return wrong, rows


def main() -> None:
    """Print a line for each kind of flip and each rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--set", default="imagenette")
    parser.add_argument("--network", default="EfficientNetLite0")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = str(told.shared / "data" / told.set)
        dataset = create_dataset(DatasetRecipe(source=source), Path(folder) / "made")
        recipe = TrainingRecipe(data=str(dataset.path), network=told.network, weights="pretrained",
                                strategy="features", learn_from="train+val", epochs=1)  # fmt: skip
        resources = gather(recipe.resolved(), dataset)
        x = result_of(train_features(resources, Path(folder)), lambda _: None).numpy()[0]
        split = resources.dataset.splits["train"]
        y, groups, paths = split.labels, split.groups, list(split.paths)
    found = []
    for to in (None, nearest(x, y)):
        for rate in RATES:
            lines = []
            for seed in range(told.seeds):
                wrong, rows = flipped(y, rate, seed, to)
                begin = time.perf_counter()
                judged: Judgement = result_of(
                    judged_labels(x, wrong, groups, paths, len(dataset.classes)), lambda _: None
                )
                first = np.argsort(judged.p[np.arange(len(y)), wrong], kind="stable")[: len(rows)]
                low, high = judged.expected.interval
                lines.append({"right": float(np.isin(first, rows).mean()), "told": judged.expected.count,
                              "low": low, "high": high, "seconds": time.perf_counter() - begin})  # fmt: skip
            kind = "any class" if to is None else "the nearest class"
            mean = float(np.mean([one["right"] for one in lines]))
            inside = sum(one["low"] <= len(rows) <= one["high"] for one in lines)
            each = ", ".join(format(one["right"], ".3f") for one in lines)
            print(f"{rate:.0%} to {kind}: {mean:.3f} found ({each}); "
                  f"{len(rows)} flipped, told {[one['told'] for one in lines]}, {inside} of {len(lines)} inside",
                  flush=True)  # fmt: skip
            found.append({"rate": rate, "kind": kind, "flipped": len(rows), "found": mean, "lines": lines})
    if told.json:
        told.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
