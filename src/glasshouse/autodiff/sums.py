"""What works on arrays, for those who write their own Functions, under the book's names."""

from typing import Any

import numpy as np

from .arrays import Array, Axes
from .core import Variable, constant
from .cuda import as_numpy
from .elementary import exp, log
from .reduction import kept_shape
from .reduction import sum_to as sum_variable_to
from .shaping import reshape

__all__ = ["array_allclose", "array_equal", "logsumexp", "reshape_sum_backward", "sum_to"]


def array_equal(a: Any, b: Any) -> bool:
    """Whether two arrays or Variables have the same shape and the same numbers.

    >>> array_equal(np.ones(2), Variable(np.ones(2)))
    True
    """
    return bool(np.array_equal(as_numpy(a), as_numpy(b)))


def array_allclose(a: Any, b: Any, rtol: float = 1e-4, atol: float = 1e-5) -> bool:
    """Whether two arrays or Variables have nearly the same numbers.

    >>> array_allclose(np.ones(2), np.ones(2) + 1e-6)
    True
    """
    return bool(np.allclose(as_numpy(a), as_numpy(b), rtol=rtol, atol=atol))


def logsumexp(x: Array, axis: int = 1) -> Array:
    """log Σ e^x along an axis, without overflow; the axis is kept.

    >>> logsumexp(np.array([[1000.0, 1000.0]])).round(4)
    array([[1000.6931]])
    """
    v = constant(x)
    top = v.max(axis, keepdims=True)
    return (log(exp(v - top).sum(axis, keepdims=True)) + top).data


def reshape_sum_backward(gy: Variable, x_shape: tuple[int, ...], axis: Axes, keepdims: bool) -> Variable:
    """The gradient of a sum, in the shape that broadcasts to `x_shape`.

    >>> reshape_sum_backward(Variable(np.ones(2)), (2, 3), 1, False).shape
    (2, 1)
    """
    return gy if keepdims else reshape(gy, kept_shape(x_shape, axis))


def sum_to(x: Array, shape: tuple[int, ...]) -> Array:
    """Sums of an array down to a shape.

    >>> sum_to(np.ones((2, 3)), (1, 3))
    array([[2., 2., 2.]])
    """
    return sum_variable_to(constant(x), shape).data
