"""Dropout."""

import numpy as np

from .arrays import module_of
from .core import Operand, Variable, as_operand, constant
from .faults import ShapeError
from .randomness import Seed, generator
from .switches import training

__all__ = ["dropout"]


def dropout(x: Operand, dropout_ratio: float = 0.5, *, seed: Seed = None) -> Variable:
    """y = x with a share of the numbers set to 0 and the others divided by (1 - ratio); y = x in `test_mode`.

    The draws are NumPy's whatever the kind of array, so that a seed gives the same mask on both.

    Source: Srivastava and others 2014, JMLR 15; Deep Learning from Scratch 3, step 54.

    >>> dropout(np.ones(4), 0.5, seed=0)
    variable([2. 2. 2. 0.])
    """
    x = as_operand(x)
    if not 0 <= dropout_ratio < 1:
        raise ShapeError(
            "dropout_ratio is a share of at least 0 and below 1, got {dropout_ratio}", dropout_ratio=dropout_ratio
        )
    if not training() or dropout_ratio == 0:
        return x
    kept = generator(seed).random(x.shape, dtype=np.float32) >= dropout_ratio
    return x * constant(module_of(x.data).array_like(kept / (1 - dropout_ratio), x.data))
