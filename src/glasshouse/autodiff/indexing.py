"""Picking, joining, padding: x[index], concatenate, pad."""

from collections.abc import Sequence
from typing import Any, cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable

__all__ = ["Concatenate", "GetItem", "GetItemGrad", "Pad", "concatenate", "get_item", "pad"]


class GetItem(Function):
    """y = x[index]; what was picked twice gets both gradients."""

    def __init__(self, index: Any) -> None:
        self.index = index

    def forward(self, x: Array) -> Array:
        return module_of(x).take(x, self.index)

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, GetItemGrad(self.index, self.inputs[0].shape)(gy))


class GetItemGrad(Function):
    """Zeros with gy added at the index: the transpose of picking; its own gradient is picking."""

    def __init__(self, index: Any, shape: tuple[int, ...]) -> None:
        self.index, self.shape = index, shape

    def forward(self, gy: Array) -> Array:
        return module_of(gy).put(self.shape, self.index, gy)

    def backward(self, ggx: Variable) -> Variable:
        return get_item(ggx, self.index)


class Concatenate(Function):
    """Arrays joined along an axis; each gets its part of the gradient."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, *xs: Array) -> Array:
        return module_of(xs[0]).concatenate(xs, self.axis)

    def backward(self, gy: Variable) -> list[Variable]:
        axis, start, parts = self.axis % gy.ndim, 0, []
        for x in self.inputs:
            stop = start + x.shape[axis]
            parts.append(gy[(slice(None),) * axis + (slice(start, stop),)])
            start = stop
        return parts


class Pad(Function):
    """One number around; the gradient of what is around is dropped."""

    def __init__(self, widths: Sequence[tuple[int, int]], value: float) -> None:
        self.widths, self.value = widths, value

    def forward(self, x: Array) -> Array:
        return module_of(x).pad(x, self.widths, self.value)

    def backward(self, gy: Variable) -> Variable:
        return gy[tuple(slice(before, before + n) for (before, _), n in zip(self.widths, self.inputs[0].shape))]


def get_item(x: Operand, index: Any) -> Variable:
    """y = x[index], with numbers, slices, lists or arrays of whole numbers, or masks.

    >>> x = Variable(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    >>> get_item(x, [0, 0, 1]).sum().backward()
    >>> x.grad
    variable([[2. 2. 2.]
              [1. 1. 1.]])
    """
    if isinstance(index, tuple):
        index = tuple(part.data if isinstance(part, Variable) else part for part in index)
    return cast(Variable, GetItem(index.data if isinstance(index, Variable) else index)(x))


def concatenate(xs: Sequence[Operand], axis: int = 0) -> Variable:
    """Arrays joined along an axis.

    >>> concatenate([np.array([1.0]), np.array([2.0, 3.0])])
    variable([1. 2. 3.])
    """
    return cast(Variable, Concatenate(axis)(*xs))


def pad(x: Operand, widths: Sequence[tuple[int, int]], value: float = 0) -> Variable:
    """Zeros, or another number, before and after: a pair of widths for each axis.

    >>> pad(np.array([1.0, 2.0]), [(1, 2)])
    variable([0. 1. 2. 0. 0.])
    """
    return cast(Variable, Pad(widths, value)(x))
