"""Batches of pictures and targets as NumPy arrays: what ``flow_from_directory`` and its kin give."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from glasshouse.data.draws import permutation
from glasshouse.errors import DatasetError

from .folders import Labelled

__all__ = ["Batches", "FolderBatches", "Order", "Pictures", "Targets"]

Pictures = Callable[[Sequence[int], int], np.ndarray]  # rows and epoch -> float32 (n, H, W, C)


@dataclass(frozen=True)
class Order:
    """How many samples there are, how many a batch has, and in which order they come."""

    count: int
    batch_size: int = 32
    shuffle: bool = True
    seed: int | None = None
    endless: bool = True

    def rows(self, epoch: int) -> np.ndarray:
        """The numbers of the samples in the order of an epoch, a function of seed and epoch."""
        if not self.shuffle:
            return np.arange(self.count)
        return permutation(self.seed or 0, epoch, self.count, "keras")


@dataclass(frozen=True)
class Targets:
    """The targets in the form that ``class_mode`` names; ``mode`` None gives pictures alone, input the pictures twice.

    ``values`` are the numbers of classes (N,), or targets of any shape, which stay as they are.
    """

    values: np.ndarray | None
    mode: str | None
    classes: int = 0

    def of(self, x: np.ndarray, rows: Sequence[int]) -> Any:
        """The batch: (x, y), or x alone."""
        if self.mode == "input":
            return x, x
        if self.mode is None or self.values is None:
            return x
        y = self.values[list(rows)]
        if self.mode == "categorical":
            return x, np.eye(self.classes, dtype=np.float32)[y]
        return x, (y.astype(np.float32) if self.mode in ("binary", "sparse") else y)


class Batches:
    """Batches one after the other: ``next`` gives one, a loop goes on without end as in Keras, ``len`` are one pass.

    Every loop, so every epoch of a training, begins with the first batch of a new order. ``batches[3]`` is a batch of
    the current order.
    """

    def __init__(self, pictures: Pictures, targets: Targets, order: Order, class_names: Sequence[str] = ()) -> None:
        if order.count == 0:
            raise DatasetError("there are no pictures to make batches of; look at the subset and validation_split")
        self.pictures, self.targets, self.order = pictures, targets, order
        self.class_names = list(class_names)
        self.n = self.samples = order.count
        self.batch_size = order.batch_size
        self._epoch = -1
        self._going: Iterator[Any] = iter(())

    @property
    def class_indices(self) -> dict[str, int]:
        """The number of each class by its name."""
        return {name: number for number, name in enumerate(self.class_names)}

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def __len__(self) -> int:
        return -(-self.order.count // self.order.batch_size)

    def __getitem__(self, number: int) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self)} batches, got number {number}")
        return self._batch(max(self._epoch, 0), number)

    def __iter__(self) -> Iterator[Any]:
        while True:
            self._epoch = epoch = self._epoch + 1
            for number in range(len(self)):
                yield self._batch(epoch, number)
            if not self.order.endless:
                return

    def __next__(self) -> Any:
        batch = next(self._going, None)
        if batch is None:
            self._going = iter(self)
            batch = next(self._going)
        return batch

    def next(self) -> Any:
        """The next batch."""
        return next(self)

    def reset(self) -> None:
        """Begin anew with the first batch of the first order."""
        self._epoch, self._going = -1, iter(())

    def map(self, change: Callable[..., Any], num_parallel_calls: Any = None) -> "Batches":
        """The same batches, each changed by a function of pictures and targets, given as NumPy arrays."""
        return _Changed(self, change)

    def cache(self) -> Self:
        """Itself: nothing to do here, kept for programs that call it."""
        return self

    def prefetch(self, buffer_size: Any = None) -> Self:
        """Itself: nothing to do here, kept for programs that call it."""
        return self

    def _batch(self, epoch: int, number: int) -> Any:
        size = self.order.batch_size
        rows = self.order.rows(epoch)[number * size : (number + 1) * size].tolist()
        return self.targets.of(self.pictures(rows, epoch), rows)


class FolderBatches(Batches):
    """Batches of files; ``filenames`` and ``classes`` (N,) are in the order of the folders, not that of the batches."""

    def __init__(self, pictures: Pictures, targets: Targets, order: Order, files: Labelled) -> None:
        super().__init__(pictures, targets, order, files.classes)
        self.filenames, self.classes = list(files.files), files.labels
        self.filepaths = self.file_paths = [str(files.root / name) for name in files.files]


class _Changed(Batches):
    def __init__(self, source: Batches, change: Callable[..., Any]) -> None:
        super().__init__(source.pictures, source.targets, source.order, source.class_names)
        self.change = change

    def _batch(self, epoch: int, number: int) -> Any:
        batch = super()._batch(epoch, number)
        return self.change(*batch) if isinstance(batch, tuple) else self.change(batch)
