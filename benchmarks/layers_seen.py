"""What the layers see: nine patches of all filters of a ResNet18, beside a plain forward pass of the same pictures.

    python benchmarks/layers_seen.py [--pictures 3000] [--side 128] [--parts 10]

The photographs of shared/data (cats and dogs, imagenette). The two passes take turns by parts of the pictures; then
everything from the model to the PNG of one layer is timed once, and once more from what was kept.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import glasshouse as gh
from glasshouse.data.dataset import Dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.events import result_of
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.strongest import strongest
from glasshouse.explanation.opened import OpenedModel, open_model
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.training.loop import train

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
LAYER = "layer4.1.conv2"


def photographs(place: Path, count: int) -> Path:
    """A folder a class, with links to ``count`` photographs and an eighth more for the validation split."""
    files = sorted(SHARED.glob("dogs-vs-cats/*/*/*.jpg")) + sorted(SHARED.glob("imagenette/train/*/*"))
    wanted = count + count // 8
    for number, file in enumerate(files[:: max(1, len(files) // wanted)][:wanted]):
        folder = place / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}{file.suffix}").symlink_to(file)
    return place


def dataset(place: Path, pictures: int, side: int) -> Dataset:
    source = photographs(place / "pictures", pictures)
    return create_dataset(DatasetRecipe(source=str(source), width=side, height=side, valid=0.1), place / "data")


def opened_model(place: Path, data: Dataset, side: int) -> OpenedModel:
    """A ResNet18 of a few steps: how well it learned does not change what looking costs."""
    few = dataset(place / "few", 64, side)
    list(train(TrainingRecipe(data=str(few.path), network="ResNet18", epochs=1, batch_size=32), place / "run"))
    return open_model(place / "run", data)


def plain(opened: OpenedModel, batches: Batches) -> None:
    with torch.no_grad():
        for x, _ in batches.passed("plain"):
            opened.module(x)


def seconds(work: object) -> float:
    begin = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begin


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=3000)
    arguments.add_argument("--side", type=int, default=128)
    arguments.add_argument("--parts", type=int, default=10)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        measure(Path(spare), options.pictures, options.side, options.parts)


def measure(place: Path, pictures: int, side: int, parts: int) -> None:
    data = dataset(place, pictures, side)
    opened = opened_model(place, data, side)
    rows, load = opened.split("train"), os.getloadavg()[0]
    kept = rows.rows(np.arange(min(pictures, len(rows))))
    watched, alone = [], []
    for number, part in enumerate(np.array_split(kept, parts)):
        batches = Batches(opened, part)
        works = [lambda b=batches: watched.append(seconds(lambda: result_of(strongest(opened.module, b)))),
                 lambda b=batches: alone.append(seconds(lambda: plain(opened, b)))]  # fmt: skip
        for work in works if number % 2 else reversed(works):
            work()
    ratio = statistics.median(one / other for one, other in zip(watched, alone))
    whole = seconds(lambda: gh.filters(opened.model, LAYER, data=data).to_png())
    again = seconds(lambda: gh.filters(opened.model, LAYER, data=data).to_png())
    print(f"| {len(kept):,} pictures of {side}x{side}, all {len(opened_convolutions(opened))} convolutions "
          f"| {sum(alone):.0f} s | {sum(watched):.0f} s | {ratio:.2f} | {whole:.0f} s | {again:.1f} s |")  # fmt: skip
    print(f"Load {load:.1f} before, {os.getloadavg()[0]:.1f} after; {torch.get_num_threads()} threads.")


def opened_convolutions(opened: OpenedModel) -> object:
    from glasshouse.explanation.layers.watching import convolutions

    return convolutions(opened.module, opened.inputs(opened.split("train").rows([0])))


if __name__ == "__main__":
    main()
