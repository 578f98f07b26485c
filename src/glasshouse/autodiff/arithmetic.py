"""The four operations, negation and powers."""
# ruff: noqa: A001  (sum, max, min, pow and abs are the names readers know)

from typing import Any, cast

import numpy as np

from .arrays import Array
from .core import Function, Operand, Variable
from .elementary import log
from .reduction import sum_to

__all__ = [
    "Add", "Div", "Mul", "Neg", "Pow", "Power", "Sub",
    "add", "div", "mul", "neg", "pow", "rdiv", "rpow", "rsub", "sub",
]  # fmt: skip


class Add(Function):
    """y = a + b."""

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def backward(self, gy: Variable) -> tuple[Variable, ...]:
        a, b = self.inputs
        return sum_to(gy, a.shape), sum_to(gy, b.shape)


class Sub(Function):
    """y = a - b."""

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def backward(self, gy: Variable) -> tuple[Variable, Variable | None]:
        a, b = self.inputs
        return sum_to(gy, a.shape), sum_to(-gy, b.shape) if self.wants(1) else None


class Mul(Function):
    """y = a b; dy/da = b, dy/db = a."""

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def backward(self, gy: Variable) -> tuple[Variable | None, Variable | None]:
        a, b = self.inputs
        ga = sum_to(gy * b, a.shape) if self.wants(0) else None
        gb = sum_to(gy * a, b.shape) if self.wants(1) else None
        return ga, gb


class Div(Function):
    """y = a / b; dy/da = 1 / b, dy/db = -a / b²."""

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def backward(self, gy: Variable) -> tuple[Variable | None, Variable | None]:
        a, b = self.inputs
        ga = sum_to(gy / b, a.shape) if self.wants(0) else None
        gb = sum_to(gy * (-a / (b * b)), b.shape) if self.wants(1) else None
        return ga, gb


class Neg(Function):
    """y = -x."""

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, gy: Variable) -> Variable:
        return -gy


class Pow(Function):
    """y = x^c for a number c; dy/dx = c x^(c - 1)."""

    def __init__(self, c: float) -> None:
        self.c = c

    def forward(self, x: Array) -> Array:
        return x**self.c

    def backward(self, gy: Variable) -> Variable:
        (x,), c = self.inputs, self.c
        return gy * 0 if c == 0 else gy * (c * x ** (c - 1))


class Power(Function):
    """y = a^b for a > 0; dy/da = b a^(b - 1), dy/db = a^b log a."""

    def forward(self, a: Array, b: Array) -> Array:
        return a**b

    def backward(self, gy: Variable) -> tuple[Variable | None, Variable | None]:
        a, b = self.inputs
        ga = sum_to(gy * b * pow(a, b - 1), a.shape) if self.wants(0) else None
        gb = sum_to(gy * pow(a, b) * log(a), b.shape) if self.wants(1) else None
        return ga, gb


def add(a: Operand, b: Operand) -> Variable:
    """y = a + b, shapes broadcast.

    >>> add(np.array([1.0, 2.0]), 10)
    variable([11. 12.])
    """
    return cast(Variable, Add()(a, b))


def sub(a: Operand, b: Operand) -> Variable:
    """y = a - b, shapes broadcast.

    >>> sub(np.array([1.0, 2.0]), 1)
    variable([0. 1.])
    """
    return cast(Variable, Sub()(a, b))


def rsub(a: Operand, b: Operand) -> Variable:
    """y = b - a: what ``number - a`` calls."""
    return sub(b, a)


def mul(a: Operand, b: Operand) -> Variable:
    """y = a b, number by number, shapes broadcast.

    >>> mul(np.array([1.0, 2.0]), 3)
    variable([3. 6.])
    """
    return cast(Variable, Mul()(a, b))


def div(a: Operand, b: Operand) -> Variable:
    """y = a / b, shapes broadcast.

    >>> div(np.array([1.0, 2.0]), 2)
    variable([0.5 1. ])
    """
    return cast(Variable, Div()(a, b))


def rdiv(a: Operand, b: Operand) -> Variable:
    """y = b / a: what ``number / a`` calls."""
    return div(b, a)


def neg(x: Operand) -> Variable:
    """y = -x.

    >>> neg(np.array([1.0, -2.0]))
    variable([-1.  2.])
    """
    return cast(Variable, Neg()(x))


def pow(x: Operand, c: Any) -> Variable:
    """y = x^c, for a number, an array or a Variable c.

    >>> pow(np.array([1.0, 2.0]), 3)
    variable([1. 8.])
    """
    if isinstance(c, int | float | np.integer | np.floating):
        return cast(Variable, Pow(c.item() if isinstance(c, np.generic) else c)(x))
    return cast(Variable, Power()(x, c))


def rpow(x: Operand, base: Operand) -> Variable:
    """y = base^x: what ``number ** x`` calls.

    >>> rpow(np.array([1.0, 3.0]), 2)
    variable([2. 8.])
    """
    return pow(base, x) if isinstance(base, Variable) else cast(Variable, Power()(base, x))
