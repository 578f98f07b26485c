"""What a dataset's page tells in numbers and one picture: the mean picture, and the sizes that the originals had."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.pictures import file_of, shrunk

__all__ = ["Bar", "Sizes", "mean_count", "mean_picture", "sizes"]

MOST_BYTES = 48 * 2**20  # of pixels that a mean picture is taken of, so that it costs the same at any size
MOST = 2000
BLOCK = 100
LARGEST = 512
STEPS = (32, 64, 128, 256, 512, 1024, 2048, 4096)  # longer sides, pixels


@dataclass(frozen=True)
class Bar:
    """How many originals have a longer side of ``low`` to ``high`` pixels; ``high`` None is without end."""

    low: int
    high: int | None
    count: int


@dataclass(frozen=True)
class Sizes:
    """Sizes (width, height) of the originals; ``enlarged`` of them are smaller than the dataset's pictures."""

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    bars: tuple[Bar, ...]
    enlarged: int
    count: int

    @property
    def same(self) -> bool:
        """Whether all have one size."""
        return self.smallest == self.largest


def sizes(dataset: Dataset) -> Sizes:
    """Return the sizes that the pictures had before they were brought to one."""
    return _sizes(dataset.path, dataset.fingerprint)


@lru_cache(maxsize=64)
def _sizes(path: Path, _fingerprint: str) -> Sizes:
    dataset = opened(path)
    all_sizes = np.concatenate([split.sizes for split in dataset.splits.values()])
    area = all_sizes.prod(1)
    low, high = (int(place(area)) for place in (np.argmin, np.argmax))
    longer = all_sizes.max(1)
    edges = [0, *STEPS, int(longer.max()) + 1 if longer.max() >= STEPS[-1] else 2 * STEPS[-1]]
    counts = [int(((longer >= a) & (longer < b)).sum()) for a, b in pairwise(edges)]
    bars = [Bar(a, b if b <= STEPS[-1] else None, n) for (a, b), n in zip(pairwise(edges), counts)]
    kept = [k for k, bar in enumerate(bars) if bar.count]
    return Sizes(
        _pair(all_sizes[low]),
        _pair(np.median(all_sizes, axis=0).astype(int)),
        _pair(all_sizes[high]),
        tuple(bars[kept[0] : kept[-1] + 1]),
        int(((all_sizes[:, 0] < dataset.width) | (all_sizes[:, 1] < dataset.height)).sum()),
        len(all_sizes),
    )


def mean_count(dataset: Dataset, label: str = "") -> int:
    """Return of how many training pictures the mean picture is taken."""
    return len(_chosen(dataset, label))


def mean_picture(dataset: Dataset, label: str = "") -> tuple[bytes, str]:
    """Return the mean of the training pictures (of one class, if it is named) as a file and its media type.

    It is taken of all where they are few, else of some that lie evenly over the split; ``mean_count`` says how many.
    """
    return _mean(dataset.path, dataset.fingerprint, label)


@lru_cache(maxsize=256)
def _mean(path: Path, _fingerprint: str, label: str) -> tuple[bytes, str]:
    dataset = opened(path)
    split, rows = dataset.splits["train"], _chosen(dataset, label)
    total = np.zeros(split.shape, np.float64)
    for start in range(0, len(rows), BLOCK):
        total += split.rows(rows[start : start + BLOCK]).sum(0, dtype=np.float64)
    mean = (total / max(len(rows), 1)).round().astype(np.uint8)
    return file_of(shrunk(mean, LARGEST))


def _chosen(dataset: Dataset, label: str) -> NDArray[np.int64]:
    split = dataset.splits["train"]
    rows = np.arange(len(split))
    if label in dataset.classes:
        rows = np.flatnonzero(split.labels == dataset.classes.index(label))
    most = min(MOST, max(BLOCK, MOST_BYTES // int(np.prod(split.shape))))
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _pair(size: NDArray[np.int64]) -> tuple[int, int]:
    return int(size[0]), int(size[1])
