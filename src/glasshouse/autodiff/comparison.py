"""What compares numbers: absolute value, where, maximum, minimum, clip."""

from typing import Any, cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, constant
from .reduction import sum_to

__all__ = ["Abs", "Clip", "Maximum", "Where", "absolute", "clip", "maximum", "minimum", "where"]


class Abs(Function):
    """y = |x|; dy/dx = the sign of x, 0 at 0."""

    def forward(self, x: Array) -> Array:
        return abs(x)

    def backward(self, gy: Variable) -> Variable:
        x = self.inputs[0].data
        return gy * constant(module_of(x).sign(x))


class Where(Function):
    """y = a where the condition holds, b elsewhere."""

    def __init__(self, condition: Array) -> None:
        self.condition = condition

    def forward(self, a: Array, b: Array) -> Array:
        return module_of(a).where(self.condition, a, b)

    def backward(self, gy: Variable) -> tuple[Variable, Variable]:
        a, b = self.inputs
        return sum_to(where(self.condition, gy, 0), a.shape), sum_to(where(self.condition, 0, gy), b.shape)


class Maximum(Function):
    """y = the larger of a and b; equal ones share the gradient."""

    def forward(self, a: Array, b: Array) -> Array:
        return module_of(a).maximum(a, b)

    def backward(self, gy: Variable) -> tuple[Variable, Variable]:
        a, b = self.inputs
        share = constant(
            (1 + module_of(a.data).sign(a.data - b.data)) / 2
        )  # 1 where a is larger, 1/2 where equal, 0 elsewhere
        return sum_to(gy * share, a.shape), sum_to(gy * (1 - share), b.shape)


class Clip(Function):
    """y = x within bounds; dy/dx = 1 within them, 0 outside."""

    def __init__(self, x_min: float, x_max: float) -> None:
        self.x_min, self.x_max = x_min, x_max

    def forward(self, x: Array) -> Array:
        return module_of(x).clip(x, self.x_min, self.x_max)

    def backward(self, gy: Variable) -> Variable:
        x = self.inputs[0].data
        return gy * constant(module_of(x).astype((x >= self.x_min) & (x <= self.x_max), x))


def absolute(x: Operand) -> Variable:
    """y = |x|; the derivative at 0 is 0.

    >>> absolute(np.array([-3.0, 2.0]))
    variable([3. 2.])
    """
    return cast(Variable, Abs()(x))


def where(condition: Any, a: Operand, b: Operand) -> Variable:
    """y = a where the condition holds, b elsewhere, shapes broadcast.

    >>> where(np.array([True, False]), np.array([1.0, 2.0]), 0)
    variable([1. 0.])
    """
    return cast(Variable, Where(condition.data if isinstance(condition, Variable) else condition)(a, b))


def maximum(a: Operand, b: Operand) -> Variable:
    """y = the larger of a and b, shapes broadcast; if they are equal each gets half the gradient.

    >>> maximum(np.array([1.0, 5.0]), 3)
    variable([3. 5.])
    """
    return cast(Variable, Maximum()(a, b))


def minimum(a: Operand, b: Operand) -> Variable:
    """y = the smaller of a and b, shapes broadcast; if they are equal each gets half the gradient.

    >>> minimum(np.array([1.0, 5.0]), 3)
    variable([1. 3.])
    """
    return -maximum(-a, -b)


def clip(x: Operand, x_min: float, x_max: float) -> Variable:
    """y = x, but at least x_min and at most x_max; no gradient flows where x was cut.

    >>> clip(np.array([-2.0, 0.5, 9.0]), 0, 1)
    variable([0.  0.5 1. ])
    """
    return cast(Variable, Clip(x_min, x_max)(x))
