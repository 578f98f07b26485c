"""``keras.regularizers``: what a layer's ``kernel_regularizer`` takes: ``L2(0.001)``, or the word "l2"."""

from glasshouse.layers.regularizers import Regularizer, regularizer

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get", "l1", "l1_l2", "l2"]

get = regularizer


def L1(l1: float = 0.01) -> Regularizer:  # noqa: N802
    """l1 Σ|x|."""
    return Regularizer(l1=l1)


def L2(l2: float = 0.01) -> Regularizer:  # noqa: N802
    """l2 Σx²."""
    return Regularizer(l2=l2)


def L1L2(l1: float = 0.0, l2: float = 0.0) -> Regularizer:  # noqa: N802
    """l1 Σ|x| + l2 Σx²."""
    return Regularizer(l1, l2)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> Regularizer:
    """As `L1L2`, with the defaults of Keras' older name."""
    return Regularizer(l1, l2)


l1, l2 = L1, L2
