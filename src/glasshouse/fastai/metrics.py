"""fastai's metrics: functions of probabilities (N, K) and labels (N,), to be given to ``vision_learner``."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["accuracy", "error_rate"]


def accuracy(inp: ArrayLike, targ: ArrayLike) -> float:
    """Return the part of the rows whose largest value is at the label."""
    return float((np.argmax(np.asarray(inp), axis=1) == np.asarray(targ)).mean())


def error_rate(inp: ArrayLike, targ: ArrayLike) -> float:
    """Return 1 - accuracy."""
    return 1.0 - accuracy(inp, targ)
