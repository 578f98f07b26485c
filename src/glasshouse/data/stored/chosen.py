"""Chosen pictures of splits as a split of their own: a fold of the training pictures, or two splits joined."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.splitting.folds import fold_numbers
from glasshouse.data.stored.rows import Row, Split
from glasshouse.errors import DatasetError

__all__ = ["Chosen", "learning_splits", "parts_of"]

_LEARN_FROM = re.compile(r"(?:fold (\d+)/(\d+))?(?:(?: of |^)part 1/(\d+))?")


class Chosen(Split):
    """The pictures ``rows`` (n,) of each split in ``parts``, one after the other, under the name of a split.

    ``alone``: so few of many that what is computed of them is not computed of all the others too.
    """

    def __init__(self, name: str, parts: Sequence[tuple[Split, NDArray[np.int64]]], alone: bool = False) -> None:
        first, self.alone = parts[0][0], alone
        super().__init__(name, first.file, first.shape, first.encoding, first.classes, first.blocks, first.group)
        self.parts = tuple(parts)

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.parts)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "parts": self.parts, "alone": self.alone}

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class number of each picture, int64 (N,)."""
        return np.concatenate([split.labels[rows] for split, rows in self.parts])

    @cached_property
    def paths(self) -> Sequence[str]:
        """The path of each picture, relative to the source."""
        return [split.paths[row] for split, rows in self.parts for row in rows.tolist()]

    @cached_property
    def sha256(self) -> Sequence[str]:
        """The SHA-256 of each picture's file, in hexadecimal."""
        return [split.sha256[row] for split, rows in self.parts for row in rows.tolist()]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Width and height of each picture in the source, int64 (N, 2)."""
        return np.concatenate([split.sizes[rows] for split, rows in self.parts])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The group of each picture, int64 (N,)."""
        return np.concatenate([split.groups[rows] for split, rows in self.parts])

    def rows(self, indices: NDArray[np.int64] | Sequence[int]) -> NDArray[np.uint8]:
        """Return the pictures at ``indices``, uint8 (n, H, W, C), in that order."""
        wanted = self._checked(np.asarray(indices, dtype=np.int64).reshape(-1))
        out = np.empty((len(wanted), *self.shape), np.uint8)
        for (split, rows), first, end in self._spans():
            here = np.flatnonzero((wanted >= first) & (wanted < end))
            if len(here):
                out[here] = split.rows(rows[wanted[here] - first])
        return out

    def origin(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of the pictures at ``indices`` in the dataset's split they come from, int64 (n,)."""
        return np.concatenate([split.origin(rows) for split, rows in self.parts])[indices]

    def between(self, start: int, stop: int) -> Iterator[Row]:
        """Yield what is known of the pictures from ``start`` to before ``stop``."""
        for index in range(start, min(stop, len(self))):
            split, row = self._place(index)
            yield split.row(row)

    def encoded(self, index: int) -> bytes:
        """Return the bytes of one picture as they are stored."""
        split, row = self._place(int(self._checked(np.array([index]))[0]))
        return split.encoded(row)

    def _place(self, index: int) -> tuple[Split, int]:
        (split, rows), first, _ = next(span for span in self._spans() if span[1] <= index < span[2])
        return split, int(rows[index - first])

    def _spans(self) -> Iterator[tuple[tuple[Split, NDArray[np.int64]], int, int]]:
        first = 0
        for split, rows in self.parts:
            yield (split, rows), first, first + len(rows)
            first += len(rows)


def parts_of(split: Split) -> tuple[tuple[Split, NDArray[np.int64] | slice], ...]:
    """Return the splits that features are computed of and kept for, and which of their rows these are, in order."""
    return split.parts if isinstance(split, Chosen) and not split.alone else ((split, slice(None)),)


def learning_splits(splits: Mapping[str, Split], learn_from: str) -> Mapping[str, Split]:
    """Return the splits of a training that learns from ``train``, ``train+val``, an even part of the training pictures
    (``part 1/20``), or all but one fold of either (``fold 2/5``, ``fold 2/5 of part 1/20``), which are its validation
    pictures then. The test split is in none but the first.

    Raises:
        DatasetError: there are no such pictures.
    """
    if learn_from == "train" or "train" not in splits:
        return splits
    train = splits["train"]
    if learn_from == "train+val":
        val = splits.get("val")
        return {"train": train if val is None else Chosen("train", [(train, _all(train)), (val, _all(val))])}
    match = _LEARN_FROM.fullmatch(learn_from)
    if match is None or not learn_from:
        raise DatasetError(
            "expected train, train+val, part 1/20, fold 2/5 (or other numbers), got {learn_from}",
            learn_from=learn_from[:80],
        )
    fold, folds, part = match.groups()
    if part is not None:
        rows, _ = _dealt(train, int(part), 1, learn_from)
        train = Chosen(f"train 1/{part}", [(train, rows)], alone=True)
    if fold is None:
        return {**splits, "train": train}
    inside, outside = _dealt(train, int(folds), int(fold), learn_from)
    return {"train": Chosen("train", [(train, outside)]), "val": Chosen("val", [(train, inside)])}


def _all(split: Split) -> NDArray[np.int64]:
    return np.arange(len(split))


def _dealt(train: Split, folds: int, number: int, learn_from: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the fold of that number, and all others."""
    inside = fold_numbers(train.labels, train.groups, train.paths, folds) == number - 1
    if inside.all() or not inside.any():
        raise DatasetError(
            "{train} training pictures have no {learn_from}; take fewer folds", train=len(train), learn_from=learn_from
        )
    return np.flatnonzero(inside), np.flatnonzero(~inside)
