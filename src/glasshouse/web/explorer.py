"""Finding pictures in a dataset: by split, class and words of the path, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.rows import Split

__all__ = ["PAGE", "Found", "Shown", "class_counts", "find", "opened"]

PAGE = 60


@dataclass(frozen=True)
class Shown:
    """One picture of a page: its row in the split, its path in the source, its class."""

    row: int
    path: str
    label: str


@dataclass(frozen=True)
class Found:
    """One page of pictures; ``before`` and ``after`` are keys (rows) for the pages beside it, None where none is."""

    pictures: tuple[Shown, ...]
    total: int
    first: int
    before: int | None
    after: int | None


def opened(path: Path) -> Dataset:
    """Return the dataset at ``path``, kept open: its columns are read once, not for each page."""
    return _opened(path, (path / "dataset.json").stat().st_mtime_ns if (path / "dataset.json").is_file() else 0)


def find(dataset: Dataset, split: str, label: str, words: str, after: int, backward: bool = False) -> Found:
    """Return the page of rows greater than ``after`` (backward: the page that ends below it); -1 begins."""
    part = dataset.splits[split]
    rows = _matching(dataset, part, label, words)
    if backward:
        end = int(np.searchsorted(rows, after))
        start = max(0, end - PAGE)
    else:
        start = int(np.searchsorted(rows, after, side="right"))
    page = rows[start : start + PAGE].tolist()
    shown = tuple(Shown(row, part.paths[row], dataset.classes[part.labels[row]]) for row in page)
    more = start + len(page) < len(rows)
    return Found(
        shown,
        len(rows),
        start + 1 if page else 0,
        page[0] if page and start else None,
        page[-1] if page and more else None,
    )


def class_counts(dataset: Dataset) -> Mapping[str, list[int]]:
    """Return for each split the number of pictures of each class, in the order of the classes."""
    return {name: np.bincount(p.labels, minlength=len(dataset.classes)).tolist() for name, p in dataset.splits.items()}


@lru_cache(maxsize=16)
def _opened(path: Path, changed: int) -> Dataset:
    return open_dataset(path)


def _matching(dataset: Dataset, part: Split, label: str, words: str) -> NDArray[np.int64]:
    rows = np.arange(len(part))
    if label in dataset.classes:
        rows = np.flatnonzero(part.labels == dataset.classes.index(label))
    if words.strip():
        wanted = words.lower().split()
        paths = part.paths
        rows = np.array([row for row in rows.tolist() if all(w in paths[row].lower() for w in wanted)], np.int64)
    return rows
