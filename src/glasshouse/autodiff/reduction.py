"""Many numbers to few, and back: sum, sum_to and broadcast_to, mean, max, min."""
# ruff: noqa: A001  (sum, max, min, pow and abs are the names readers know)

import math
from typing import cast

from .arrays import Array, Axes, module_of
from .core import Function, Operand, Variable, as_operand, constant
from .faults import ShapeError
from .shaping import reshape

__all__ = [
    "BroadcastTo", "Max", "Mean", "Min", "Sum", "SumTo", "average", "broadcast_to", "kept_shape", "max", "mean", "min",
    "sum", "sum_to",
]  # fmt: skip


def kept_shape(shape: tuple[int, ...], axis: Axes) -> tuple[int, ...]:
    """The shape with each summed axis left as 1."""
    n = len(shape)
    gone = {a % n for a in (range(n) if axis is None else (axis,) if isinstance(axis, int) else axis)} if n else set()
    return tuple(1 if i in gone else length for i, length in enumerate(shape))


class Sum(Function):
    """y = Σ x along axes; every summand gets the gradient of the sum."""

    def __init__(self, axis: Axes, keepdims: bool) -> None:
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x: Array) -> Array:
        return module_of(x).sum(x, self.axis, self.keepdims)

    def backward(self, gy: Variable) -> Variable:
        (x,) = self.inputs
        return broadcast_to(reshape(gy, kept_shape(x.shape, self.axis)), x.shape)


class Mean(Sum):
    """y = Σ x / n along axes; every one of the n numbers gets an n-th of the gradient."""

    def forward(self, x: Array) -> Array:
        y = super().forward(x)
        self.n = math.prod(x.shape) // math.prod(y.shape)
        return y / self.n

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, super().backward(gy) / self.n)


class SumTo(Function):
    """Sums down to a shape: the transpose of broadcast_to."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Array) -> Array:
        new = x.ndim - len(self.shape)
        axes = tuple(i for i, n in enumerate(x.shape) if i < new or (self.shape[i - new] == 1 and n != 1))
        lead = axes == tuple(range(new))
        y = module_of(x).sum(x, axes[0] if axes == (0,) else axes, not lead) if axes else x
        return y if lead else y.reshape(self.shape)

    def backward(self, gy: Variable) -> Variable:
        return broadcast_to(gy, self.inputs[0].shape)


class BroadcastTo(Function):
    """Copies along new or unit axes; the gradients of the copies are summed."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Array) -> Array:
        return module_of(x).broadcast_to(x, self.shape)

    def backward(self, gy: Variable) -> Variable:
        return sum_to(gy, self.inputs[0].shape)


class Max(Function):
    """y = the largest of x along axes; if several are largest they share the gradient evenly."""

    def __init__(self, axis: Axes, keepdims: bool) -> None:
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x: Array) -> Array:
        return module_of(x).max(x, self.axis, self.keepdims)

    def backward(self, gy: Variable) -> Variable:
        (x,), y = self.inputs, self.output()
        shape, module = kept_shape(x.shape, self.axis), module_of(x.data)
        best = module.astype(x.data == y.data.reshape(shape), x.data)
        share = best / module.sum(best, self.axis, True)
        return reshape(gy, shape) * constant(share)


class Min(Max):
    """y = the smallest of x along axes; if several are smallest they share the gradient evenly."""

    def forward(self, x: Array) -> Array:
        return module_of(x).min(x, self.axis, self.keepdims)


def sum(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """y = Σ x along the axes, over all of them if none is given.

    Source: Deep Learning from Scratch 3, step 39.

    >>> sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    variable([4. 6.])
    """
    return cast(Variable, Sum(axis, keepdims)(x))


def sum_to(x: Operand, shape: tuple[int, ...]) -> Variable:
    """Sums down to `shape`, so that broadcasting it again gives the shape of x.

    Source: Deep Learning from Scratch 3, step 40.

    >>> sum_to(np.ones((2, 3)), (1, 3))
    variable([[2. 2. 2.]])
    """
    x = as_operand(x)
    if x.shape == tuple(shape):
        return x
    if len(shape) > x.ndim or any(n not in (1, m) for n, m in zip(reversed(shape), reversed(x.shape))):
        raise ShapeError(
            "cannot sum {shape} to {shape2}: from the right, each length must be the same, or 1",
            shape=x.shape,
            shape2=shape,
        )
    return cast(Variable, SumTo(tuple(shape))(x))


def broadcast_to(x: Operand, shape: tuple[int, ...]) -> Variable:
    """Copies of x that fill `shape`.

    >>> broadcast_to(np.array([1.0, 2.0]), (2, 2))
    variable([[1. 2.]
              [1. 2.]])
    """
    x = as_operand(x)
    return x if x.shape == tuple(shape) else cast(Variable, BroadcastTo(tuple(shape))(x))


def mean(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """y = Σ x / n along the axes.

    >>> mean(np.array([1.0, 2.0, 6.0]))
    variable(3.0)
    """
    return cast(Variable, Mean(axis, keepdims)(x))


average = mean


def max(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The largest number along the axes; equal ones share the gradient evenly.

    >>> x = Variable(np.array([1.0, 3.0, 3.0]))
    >>> max(x).backward()
    >>> x.grad
    variable([0.  0.5 0.5])
    """
    return cast(Variable, Max(axis, keepdims)(x))


def min(x: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """The smallest number along the axes; equal ones share the gradient evenly.

    >>> min(np.array([[1.0, 2.0], [3.0, 0.0]]), axis=1)
    variable([1. 0.])
    """
    return cast(Variable, Min(axis, keepdims)(x))
