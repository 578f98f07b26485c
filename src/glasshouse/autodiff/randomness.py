"""Where random numbers come from: an explicit seed, or the `with seed(...)` block around; never a global state.

Whatever draws takes `seed=`: a whole number, or a numpy.random.Generator. If none is given, the draws come from
the innermost `with seed(...)` block of this thread; if there is no block, each is fresh from the operating system
and cannot be repeated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np

__all__ = ["Seed", "generator", "seed"]

Seed: TypeAlias = int | np.random.Generator | None

_CURRENT: ContextVar[np.random.Generator | None] = ContextVar("generator", default=None)


@contextmanager
def seed(number: int) -> Iterator[np.random.Generator]:
    """Make every draw inside the `with` block repeatable.

    >>> with seed(0) as rng:
    ...     first = rng.random()
    >>> with seed(0) as rng:
    ...     rng.random() == first
    True
    """
    token = _CURRENT.set(np.random.default_rng(number))
    try:
        yield generator(None)
    finally:
        _CURRENT.reset(token)


def generator(seed: Seed) -> np.random.Generator:
    """The generator that a seed, or the block around, or the operating system gives."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is not None:
        return np.random.default_rng(seed)
    return _CURRENT.get() or np.random.default_rng()
