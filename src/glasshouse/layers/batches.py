"""Where the batches of a training come from: arrays in memory, or anything that gives one batch after the other."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias, TypeGuard, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from glasshouse.errors import NetworkError

from .architecture import Architecture
from .arrays import inputs_of, targets_of, tensor
from .compiling import Compiled
from .settings import FitSettings

__all__ = ["ArrayBatches", "Batch", "RowBatches", "Rows", "StreamBatches", "class_weights", "is_rows", "is_stream"]

Batch: TypeAlias = "tuple[list[Tensor], Tensor, Tensor | None]"  # inputs, targets, a weight for each sample


@runtime_checkable
class Rows(Protocol):
    """Pictures on disk with their labels, such as the split of a dataset: ``data.train``."""

    @property
    def labels(self) -> Any:
        """The class (N,) of each picture."""
        ...

    def rows(self, indices: Any) -> Any:
        """Pictures (n, H, W, C), uint8 from 0 to 255."""
        ...

    def __len__(self) -> int: ...


class ArrayBatches:
    """Batches of arrays, in an order that is a function of seed and epoch; the last one may be smaller."""

    def __init__(self, xs: list[Tensor], y: Tensor, weights: Tensor | None, settings: FitSettings) -> None:
        self.xs, self.y, self.weights, self.settings = xs, y, weights, settings
        self.count = -(-len(y) // settings.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        n, size, settings = len(self.y), self.settings.batch_size, self.settings
        order = np.random.default_rng([settings.seed, number]).permutation(n) if settings.shuffle else np.arange(n)
        for start in range(0, n, size):
            rows = torch.from_numpy(order[start : start + size])
            yield [x[rows] for x in self.xs], self.y[rows], None if self.weights is None else self.weights[rows]


class StreamBatches:
    """Batches (x, y) or (x, y, weights) of anything that can be iterated: a generator, a DataLoader, a list of batches.

    What has a length is begun anew in every epoch; a generator goes on where the last epoch stopped.

    Args:
        steps: the batches of an epoch; needed if the source has no length.
    """

    def __init__(
        self, net: Architecture, compiled: Compiled, source: Iterable[object], steps: int | None,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:  # fmt: skip
        self.net, self.compiled, self.source, self.weight = net, compiled, source, class_weight
        self._again = hasattr(source, "__len__")
        if steps is None and not self._again:
            raise NetworkError(
                "{kind} has no length; say how many batches make an epoch: steps_per_epoch (validation_steps for "
                "validation)",
                kind=type(source).__name__,
            )
        self.count = len(source) if steps is None else int(steps)  # type: ignore[arg-type]
        self._going: Iterator[object] | None = None

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch.

        Raises:
            NetworkError: the source ends before its steps are done, or gives something else than batches.
        """
        if self._going is None or self._again:
            self._going = iter(self.source)
        done = 0
        for given in itertools.islice(self._going, self.count):
            yield self._batch(given)
            done += 1
        if done < self.count:
            raise NetworkError(
                "the batches ended after {done} of {count} steps of epoch {epoch}; give fewer steps_per_epoch, or a "
                "source that goes on",
                done=done,
                count=self.count,
                epoch=number + 1,
            )

    def _batch(self, given: object) -> Batch:
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise NetworkError(
                "expected batches (x, y) or (x, y, weights), got {kind}{length}",
                kind=type(given).__name__,
                length=f" of {len(given)}" if isinstance(given, tuple | list) else "",
            )
        xs, y = inputs_of(self.net, given[0]), targets_of(self.net, given[1], self.compiled.loss)
        weights = class_weights(self.weight, y, self.compiled)
        if len(given) == 3:
            own = tensor(given[2], "the weights of the samples").to(torch.float32).reshape(-1)
            weights = own if weights is None else weights * own
        return xs, y, weights


class RowBatches:
    """Batches of pictures that are read when their turn comes, uint8 from 0 to 255, in the order of `ArrayBatches`.

    Args:
        steps: the batches of an epoch, if not all of them.
    """

    def __init__(
        self, net: Architecture, compiled: Compiled, split: Rows, settings: FitSettings, steps: int | None = None
    ) -> None:
        self.net, self.compiled, self.split, self.settings = net, compiled, split, settings
        every = -(-len(split) // settings.batch_size)
        self.count = every if steps is None else min(int(steps), every)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        n, size, settings = len(self.split), self.settings.batch_size, self.settings
        order = np.random.default_rng([settings.seed, number]).permutation(n) if settings.shuffle else np.arange(n)
        for start in range(0, self.count * size, size):
            rows = order[start : start + size]
            xs = inputs_of(self.net, self.split.rows(rows))
            y = targets_of(self.net, self.split.labels[rows], self.compiled.loss)
            yield xs, y, class_weights(settings.class_weight, y, self.compiled)


def is_rows(x: object) -> TypeGuard[Rows]:
    """Whether ``x`` is a split of a dataset: pictures that are read by their numbers."""
    return not isinstance(x, np.ndarray | Tensor) and isinstance(x, Rows)


def is_stream(x: object) -> TypeGuard[Iterable[object]]:
    """Whether ``x`` gives batches by itself, rather than being an array or a list of arrays."""
    if isinstance(x, np.ndarray | Tensor) or not isinstance(x, Iterable):
        return False
    return not isinstance(x, list | tuple) or (len(x) > 0 and isinstance(x[0], tuple))


def class_weights(given: Mapping[int, float] | None, y: Tensor, compiled: Compiled) -> Tensor | None:
    """A weight for each sample; 1 for a class that is not named."""
    if given is None:
        return None
    labels = y if compiled.loss.sparse else y.squeeze(-1).long() if y.shape[-1] == 1 else y.argmax(-1)
    table = torch.ones(int(max(int(labels.max()), *given)) + 1)
    for label, weight in given.items():
        table[label] = weight
    return table[labels]
