"""The same numbers in another shape or order: reshape, transpose, flatten, expand_dims."""

from typing import Any, cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand

__all__ = ["Reshape", "Transpose", "expand_dims", "flatten", "reshape", "transpose"]


class Reshape(Function):
    """The same numbers in another shape; the gradient goes back into the old one."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Array) -> Array:
        return x.reshape(self.shape)

    def backward(self, gy: Variable) -> Variable:
        return reshape(gy, self.inputs[0].shape)


class Transpose(Function):
    """The axes in another order; the gradient goes through the inverse order."""

    def __init__(self, axes: tuple[int, ...]) -> None:
        self.axes = axes

    def forward(self, x: Array) -> Array:
        return module_of(x).transpose(x, self.axes)

    def backward(self, gy: Variable) -> Variable:
        inverse = sorted(range(len(self.axes)), key=[a % len(self.axes) for a in self.axes].__getitem__)
        return cast(Variable, Transpose(tuple(inverse))(gy))


def reshape(x: Operand, *shape: Any) -> Variable:
    """The same numbers in another shape; one length may be -1 and is worked out.

    >>> reshape(np.arange(4.0), (2, -1))
    variable([[0. 1.]
              [2. 3.]])
    """
    x, shape = as_operand(x), tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    return x if x.shape == shape else cast(Variable, Reshape(shape)(x))


def transpose(x: Operand, *axes: Any) -> Variable:
    """The axes in another order; in the opposite order if none is given.

    >>> transpose(np.zeros((2, 3, 5)), (1, 0, 2)).shape
    (3, 2, 5)
    """
    x = as_operand(x)
    axes = tuple(axes[0]) if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
    if not axes or axes == (None,):
        axes = tuple(reversed(range(x.ndim)))
    return cast(Variable, Transpose(axes)(x))


def expand_dims(x: Operand, axis: int) -> Variable:
    """A new axis of length 1.

    >>> expand_dims(np.zeros((2, 3)), 1).shape
    (2, 1, 3)
    """
    x = as_operand(x)
    axis = axis % (x.ndim + 1)
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def flatten(x: Operand) -> Variable:
    """Every picture of a batch as one row of numbers.

    >>> flatten(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """
    x = as_operand(x)
    return reshape(x, (x.shape[0], -1))
