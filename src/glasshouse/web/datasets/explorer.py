"""Finding pictures in a dataset: by split, class and words of the path, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.names import composed, natural

__all__ = ["PAGE", "Found", "Search", "Shown", "beside", "class_counts", "find", "matching", "opened"]

PAGE = 60
WORDS = 8  # of a search; more are passed over
COUNTED = 100_000  # pictures of a split that are put into the order of the numbers in their names


@dataclass(frozen=True)
class Shown:
    """One picture of a page: its row in the split, its path in the source, its class."""

    row: int
    path: str
    label: str


@dataclass(frozen=True)
class Found:
    """One page of pictures; ``before`` and ``after`` are keys (rows) for the pages beside it, None if none is."""

    pictures: tuple[Shown, ...]
    total: int
    first: int
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Search:
    """Which pictures of a split are meant: those of a class ("" for any) with all ``words`` in their path."""

    split: str
    label: str = ""
    words: str = ""


def opened(path: Path) -> Dataset:
    """Return the dataset at ``path``, kept open: its columns are read once, not for each page."""
    return _opened(path, (path / "dataset.json").stat().st_mtime_ns if (path / "dataset.json").is_file() else 0)


def find(dataset: Dataset, search: Search, after: int, backward: bool = False, most: int = PAGE) -> Found:
    """Return the page of pictures behind the row ``after`` (backward: the page that ends before it); -1 begins."""
    part = dataset.splits[search.split]
    rows, places = _in_order(dataset, search)
    at = _place(dataset, search.split, after)
    if backward:
        end = int(np.searchsorted(places, at))
        start = max(0, end - most)
    else:
        start = int(np.searchsorted(places, at, side="right"))
        end = start + most
    page = rows[start:end].tolist()
    shown = tuple(Shown(row, found.path, dataset.classes[found.label]) for row in page for found in [part.row(row)])
    more = start + len(page) < len(rows)
    return Found(
        shown,
        len(rows),
        start + 1 if page else 0,
        page[0] if page and start else None,
        page[-1] if page and more else None,
    )


def beside(dataset: Dataset, search: Search, row: int) -> tuple[int | None, int | None]:
    """Return the rows before and after ``row`` among those that fit; None if there is none."""
    rows, places = _in_order(dataset, search)
    at = _place(dataset, search.split, row)
    before, after = int(np.searchsorted(places, at)) - 1, int(np.searchsorted(places, at, side="right"))
    return int(rows[before]) if before >= 0 else None, int(rows[after]) if after < len(rows) else None


def matching(dataset: Dataset, split: str, label: str, words: str) -> NDArray[np.int64]:
    """Return the rows of a split that have this class ("" for any) and all of these words in their path, rising."""
    wanted = tuple(sorted(set(composed(words).lower().split()[:WORDS])))
    return _matching(dataset.path, dataset.fingerprint, split, label, wanted)


def _in_order(dataset: Dataset, search: Search) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows that fit in the order in which people see them, and their places in it, rising."""
    rows = matching(dataset, search.split, search.label, search.words)
    places = _places(dataset.path, dataset.fingerprint, search.split)
    if places is None:
        return rows, rows
    order = np.argsort(places[rows])
    return rows[order], places[rows[order]]


def _place(dataset: Dataset, split: str, row: int) -> int:
    """Return the place of a row in the order in which people see them; rows that are not there stay at the ends."""
    places = _places(dataset.path, dataset.fingerprint, split)
    return int(places[row]) if places is not None and 0 <= row < len(places) else row


def class_counts(dataset: Dataset) -> Mapping[str, list[int]]:
    """Return for each split the number of pictures of each class, in the order of the classes."""
    return {name: np.bincount(p.labels, minlength=len(dataset.classes)).tolist() for name, p in dataset.splits.items()}


@lru_cache(maxsize=16)
def _opened(path: Path, changed: int) -> Dataset:
    return open_dataset(path)


@lru_cache(maxsize=16)
def _places(path: Path, _fingerprint: str, split: str) -> NDArray[np.int64] | None:
    """Return the place of each row where files are counted (1, 2, 10); None where rows stay as they are.

    They do in a table's own order, if that is no other, and in splits of more than ``COUNTED`` pictures.
    """
    part = opened(path).splits[split]
    if len(part) > COUNTED:
        return None
    paths = list(part.paths)
    order = sorted(range(len(paths)), key=lambda row: natural(paths[row]))
    if paths != sorted(paths) or order == list(range(len(paths))):
        return None
    places = np.empty(len(paths), np.int64)
    places[order] = np.arange(len(paths))
    return places


@lru_cache(maxsize=16)
def _matching(path: Path, _fingerprint: str, split: str, label: str, words: tuple[str, ...]) -> NDArray[np.int64]:
    dataset = opened(path)
    part = dataset.splits[split]
    rows = part.search(words) if words else np.arange(len(part))
    if label in dataset.classes:
        rows = rows[part.labels[rows] == dataset.classes.index(label)]
    return rows
