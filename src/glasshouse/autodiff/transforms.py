"""Changes to one sample before it joins a batch: the book's names for arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["AsType", "Compose", "Flatten", "Normalize", "ToFloat", "ToInt"]


class Compose:
    """Several changes, one after the other.

    >>> Compose([Flatten(), ToFloat()])(np.zeros((2, 2), np.uint8)).dtype
    dtype('float32')
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]] = ()) -> None:
        self.transforms = transforms

    def __call__(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x


class Normalize:
    """y = (x - mean) / std, for each of C channels or for all. x (C, H, W).

    >>> Normalize(1.0, 2.0)(np.array([[[5.0]]]))
    array([[[2.]]])
    """

    def __init__(self, mean: Any = 0, std: Any = 1) -> None:
        self.mean, self.std = mean, std

    def __call__(self, x: Any) -> Any:
        mean, std = (np.asarray(v, dtype=x.dtype) for v in (self.mean, self.std))
        return (x - mean[..., None, None]) / std[..., None, None] if mean.ndim else (x - mean) / std


class Flatten:
    """All numbers in one row.

    >>> Flatten()(np.zeros((1, 28, 28))).shape
    (784,)
    """

    def __call__(self, x: Any) -> Any:
        return x.reshape(-1)


class AsType:
    """Another dtype.

    >>> AsType(np.int64)(np.array([1.5]))
    array([1])
    """

    def __init__(self, dtype: Any = np.float32) -> None:
        self.dtype = dtype

    def __call__(self, x: Any) -> Any:
        return x.astype(self.dtype)


class ToFloat(AsType):
    """float32.

    >>> ToFloat()(np.array([1])).dtype
    dtype('float32')
    """


class ToInt(AsType):
    """Whole numbers.

    >>> ToInt()(np.array([1.5]))
    array([1])
    """

    def __init__(self, dtype: Any = np.int64) -> None:
        super().__init__(dtype)
