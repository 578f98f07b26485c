"""Datasets of many small pictures, twins included: is the time linear in their number, and the memory bounded?

    python benchmarks/many_pictures.py FASHION_MNIST_FOLDER [--counts 10000 40000]

Writes the 28x28 pictures of FASHION_MNIST_FOLDER (its idx files) as PNG into class folders, beyond 70,000 turned by 90,
180 and 270 degrees as well, one picture in a hundred twice, and makes a dataset of them: each count in a process of its
own. Prints as JSON the seconds of each count, by stage (``twins`` is all between reading and writing), how much memory
the process took at most, and the ratio of the seconds a picture of the largest to the smallest count: 1 is linear.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

DOUBLED = 100  # one picture in so many is there twice, the second one a little brighter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 40_000])
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)  # in a process of its own: make the dataset
    given = parser.parse_args()
    if given.make is not None:
        print(json.dumps(made(given.source, given.make)))
        return
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for count in sorted(given.counts):
            place = Path(folder) / str(count)
            write_pictures(given.source, place / "pictures", count)
            words = [sys.executable, __file__, str(place / "pictures"), "--make", str(place / "set")]
            found.append(json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout))
            print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    first, last = found[0], found[-1]
    ratio = (last["seconds"] / last["pictures"]) / (first["seconds"] / first["pictures"])
    work = (last["processor_seconds"] / last["pictures"]) / (first["processor_seconds"] / first["pictures"])
    told = {"counts": found, "seconds_a_picture_ratio": round(ratio, 2), "processor_ratio": round(work, 2),
            "cores": os.cpu_count(), "python": platform.python_version()}  # fmt: skip
    print(json.dumps(told, indent=2))


def write_pictures(source: Path, place: Path, count: int) -> None:
    """Write ``count`` pictures as ``place/CLASS/NUMBER.png``."""
    pictures, labels = idx(source)
    for number in range(count):
        turn, row = divmod(number, len(labels))
        if number % DOUBLED == DOUBLED - 1:
            turn, row = divmod(number - 1, len(labels))
        pixels = np.rot90(pictures[row], turn)
        if number % DOUBLED == DOUBLED - 1:
            pixels = np.clip(pixels.astype(np.int16) + 6, 0, 255).astype(np.uint8)
        file = place / str(labels[row]) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file, compress_level=1)


def idx(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    parts = [[], []]
    for name in ("train", "t10k"):
        for part, (kind, head) in zip(parts, (("images-idx3", 16), ("labels-idx1", 8))):
            with gzip.open(folder / f"{name}-{kind}-ubyte.gz") as file:
                part.append(np.frombuffer(file.read()[head:], np.uint8))
    return np.concatenate(parts[0]).reshape(-1, 28, 28), np.concatenate(parts[1])


def made(pictures: Path, out: Path) -> dict:
    from glasshouse.data.dataset import open_dataset
    from glasshouse.data.prepare import prepare_dataset
    from glasshouse.events import Progress
    from glasshouse.recipe import DatasetRecipe

    recipe = DatasetRecipe(source=str(pictures), width=28, height=28, color="gray")
    before, begin, work = peak(), time.perf_counter(), time.process_time()
    ends: dict[str, float] = {}
    starts: dict[str, float] = {}
    for event in prepare_dataset(recipe, out):
        if isinstance(event, Progress):
            ends[event.stage] = time.perf_counter()
            starts.setdefault(event.stage, time.perf_counter())
    end = time.perf_counter()
    dataset = open_dataset(out)
    return {
        "pictures": sum(len(split) for split in dataset.splits.values()),
        "seconds": round(end - begin, 1),
        "processor_seconds": round(time.process_time() - work, 1),
        "reading": round(ends["reading"] - begin, 1),
        "twins": round(starts["writing"] - ends["reading"], 1),
        "writing": round(end - starts["writing"], 1),
        "memory_mb": round(peak() / 2**20),
        "memory_before_mb": round(before / 2**20),
        "twin_groups": dataset.summary()["twins"]["groups"],
    }


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
