"""Batches of a data set, in an order that is a function of the seed and the epoch."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .datasets import Dataset
from .randomness import Seed, generator

__all__ = ["DataLoader", "SeqDataLoader"]


class DataLoader:
    """Batches (x, t) of arrays; each ``for`` over it is a new epoch in a new order, and two may run at once.

    Args:
        seed: the order is a function of it and of the epoch's number.
        drop_last: leave a last, smaller batch out.

    Source: Deep Learning from Scratch 3, step 50.

    >>> from glasshouse.autodiff.datasets import Spiral
    >>> x, t = next(iter(DataLoader(Spiral(), batch_size=10, seed=0)))
    >>> x.shape, t.shape
    ((10, 2), (10,))
    """

    def __init__(
        self, dataset: Dataset, batch_size: int, shuffle: bool = True, gpu: bool = False, *,
        seed: Seed = None, drop_last: bool = False,
    ) -> None:  # fmt: skip
        self.dataset, self.batch_size, self.shuffle, self.gpu = dataset, batch_size, shuffle, gpu
        self.drop_last, self.epoch = drop_last, 0
        self.root = int(generator(seed).integers(2**63)) if not isinstance(seed, int) else seed

    def __len__(self) -> int:
        """The number of batches."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    @property
    def max_iter(self) -> int:
        """The number of batches, under the book's name."""
        return len(self)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        order = self._order(self.epoch)
        self.epoch += 1
        return (self._batch(order[i * self.batch_size : (i + 1) * self.batch_size]) for i in range(len(self)))

    def reset(self) -> None:
        """Nothing to do: every ``for`` starts anew. Kept for the book's code."""

    def to_cpu(self) -> None:
        """Give NumPy arrays."""
        self.gpu = False

    def to_gpu(self) -> None:
        """Give torch tensors on the graphics card."""
        self.gpu = True

    def _order(self, epoch: int) -> Any:
        n = len(self.dataset)
        return np.random.default_rng((self.root, epoch)).permutation(n) if self.shuffle else np.arange(n)

    def _batch(self, numbers: Any) -> tuple[Any, Any]:
        samples = [self.dataset[i] for i in numbers]
        x, t = np.array([sample[0] for sample in samples]), np.array([sample[1] for sample in samples])
        if not self.gpu:
            return x, t
        import torch  # only for the graphics card

        return torch.as_tensor(x, device="cuda"), torch.as_tensor(t, device="cuda")


class SeqDataLoader(DataLoader):
    """Batches of a sequence: `batch_size` readers start at even distances and read on side by side.

    Source: Deep Learning from Scratch 3, step 60.
    """

    def __init__(self, dataset: Dataset, batch_size: int, gpu: bool = False) -> None:
        super().__init__(dataset, batch_size, shuffle=False, gpu=gpu)

    def __len__(self) -> int:
        return len(self.dataset) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        jump = len(self)
        return (self._batch([(j * jump + i) % len(self.dataset) for j in range(self.batch_size)]) for i in range(jump))
