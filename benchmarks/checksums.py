"""What verifying a dataset's blocks when they are first read costs: an epoch with and without checksums, interleaved.

    python benchmarks/checksums.py [--photos 1500] [--repeats 7]

Reads every training picture once in shuffled batches of 64, as an epoch does, in a freshly opened dataset (every block
is verified) and in the same one again (every block is known), with the file in the page cache: the worst case, since
a disk is slower than the checksum. Prints seconds, their ratio to reading without checksums, and the seconds to open.
"""

import argparse
import platform
import tempfile
import time
import zlib
from pathlib import Path
from statistics import median

import numpy as np

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.samples import sample
from glasshouse.data.stored.rows import Split
from glasshouse.recipe import DatasetRecipe


def epoch(split: Split) -> float:
    """Return the seconds to read every picture once, in batches of 64."""
    order = np.random.default_rng(0).permutation(len(split))
    begin = time.perf_counter()
    for start in range(0, len(order), 64):
        split.rows(order[start : start + 64])
    return time.perf_counter() - begin


def fresh(dataset: Dataset, checked: bool) -> Split:
    """Return the training split, newly opened, with or without its checksums."""
    old = dataset.splits["train"]
    split = Split(old.name, old.file, old.shape, old.encoding, old.classes, old.blocks if checked else None)
    len(split)
    return split


def photos(folder: Path, count: int) -> Dataset:
    """Return a dataset of ``count`` pictures of 224x224 in colour, of noise."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)
    from glasshouse.data.image_data import ImageData

    labels = draw.integers(0, 10, count)
    return ImageData.from_arrays(images, labels, out=folder, valid=0.1, twins=False).dataset


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        digits = create_dataset(
            DatasetRecipe(source="sample:digits", width=28, height=28, color="gray"),
            Path(folder) / "digits",
            sample("sample:digits"),
        )
        data = {"digits 28x28": digits, f"{options.photos} photos 224x224": photos(Path(folder) / "p", options.photos)}
        block = np.zeros(64 * 2**20, np.uint8).data
        begin = time.perf_counter()
        zlib.crc32(block)
        print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, zlib "
              f"{zlib.ZLIB_RUNTIME_VERSION}: CRC-32 {0.0625 / (time.perf_counter() - begin):.2f} GB/s")  # fmt: skip
        for name, dataset in data.items():
            report(name, dataset, options.repeats)


def report(name: str, dataset: Dataset, repeats: int) -> None:
    """Print the line of one dataset."""
    times: dict[str, list[float]] = {"without": [], "first": [], "later": [], "open": []}
    epoch(fresh(dataset, checked=False))
    for _ in range(repeats):
        times["without"].append(epoch(fresh(dataset, checked=False)))
        split = fresh(dataset, checked=True)
        times["first"].append(epoch(split))
        times["later"].append(epoch(split))
        begin = time.perf_counter()
        open_dataset(dataset.path)
        times["open"].append(time.perf_counter() - begin)
    m = {key: median(values) for key, values in times.items()}
    print(
        f"{name}: {len(dataset.splits['train'])} pictures; without {m['without'] * 1e3:.1f} ms, first epoch "
        f"{m['first'] * 1e3:.1f} ms (x{m['first'] / m['without']:.2f}), later {m['later'] * 1e3:.1f} ms "
        f"(x{m['later'] / m['without']:.2f}); opening {m['open'] * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
