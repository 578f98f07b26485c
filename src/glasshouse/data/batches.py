"""From a split on disk to batches on the device: the order of an epoch, and reading ahead in one thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data import draws
from glasshouse.recipe import TrainingRecipe

__all__ = ["Batch", "Rows", "balanced", "batches", "order"]


class Rows(Protocol):
    """What batches are made of: a split of a dataset, or anything with its labels, rows and length."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class (N,) of each picture."""
        ...

    def rows(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return pictures (n, H, W, C)."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Batch:
    """Some pictures, uint8 (N, C, H, W) with channels last in memory, their classes (N,), and their draw numbers (N,).

    ``samples`` is what ``augment`` draws by: the row's number, plus the length of the split for each time the row was
    drawn before in the epoch (balanced sampling), so ``samples % len(split)`` are the rows.
    """

    pictures: Tensor
    labels: Tensor
    samples: NDArray[np.int64]


def order(split: Rows, recipe: TrainingRecipe, epoch: int) -> NDArray[np.int64]:
    """Return the draw numbers of an epoch, one for each picture of the split, in the order of training.

    ``shuffle`` is a permutation; ``balanced`` draws each time a class evenly, then one of its pictures in turn.
    """
    if recipe.sampling == "balanced":
        return balanced(split.labels, recipe.seed, epoch)
    return draws.permutation(recipe.seed, epoch, len(split))


def batches(
    split: Rows, order: NDArray[np.int64], batch_size: int, start: int = 0, device: torch.device | str = "cpu"
) -> Iterator[Batch]:
    """Yield the batches of ``order`` from number ``start`` on, the last (smaller) one too; the next is read ahead."""
    device = torch.device(device)
    slices = [order[at : at + batch_size] for at in range(start * batch_size, len(order), batch_size)]
    if not slices:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="glasshouse-batches") as pool:
        ahead = pool.submit(_gather, split, slices[0], device)
        for following in [*slices[1:], None]:
            batch = ahead.result()
            if following is not None:
                ahead = pool.submit(_gather, split, following, device)
            yield _move(batch, device)


def balanced(labels: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the draw numbers of an epoch in which each class comes as often as any other.

    A class is drawn evenly at random and gives the next of its shuffled pictures, in rounds.
    """
    count = len(labels)
    present = np.unique(labels)
    places = np.arange(count, dtype=np.int64)
    drawn = present[draws.choice(seed, epoch, places, "balance", len(present))]
    shuffled = draws.permutation(seed, epoch, count)
    result = np.empty(count, dtype=np.int64)
    for label in present:
        members = shuffled[labels[shuffled] == label]
        turn = np.arange((drawn == label).sum(), dtype=np.int64)
        result[drawn == label] = members[turn % len(members)] + turn // len(members) * count
    return result


def _gather(split: Rows, samples: NDArray[np.int64], device: torch.device) -> Batch:
    rows = samples % len(split)
    pictures = torch.from_numpy(np.ascontiguousarray(split.rows(rows))).permute(0, 3, 1, 2)  # (N, C, H, W)
    labels = torch.from_numpy(np.asarray(split.labels, dtype=np.int64)[rows])
    if device.type == "cuda":
        pictures, labels = pictures.pin_memory(), labels.pin_memory()
    return Batch(pictures, labels, samples)


def _move(batch: Batch, device: torch.device) -> Batch:
    if device.type == "cpu":
        return batch
    pictures = batch.pictures.to(device, non_blocking=True)
    return Batch(pictures, batch.labels.to(device, non_blocking=True), batch.samples)
