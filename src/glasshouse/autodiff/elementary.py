"""Functions of one number: sine, cosine, hyperbolic tangent, exponential, logarithm, square root."""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand

__all__ = ["Cos", "Exp", "Log", "Sin", "Tanh", "cos", "exp", "log", "sin", "sqrt", "tanh"]


class Sin(Function):
    """y = sin x; dy/dx = cos x."""

    def forward(self, x: Array) -> Array:
        return module_of(x).sin(x)

    def backward(self, gy: Variable) -> Variable:
        return gy * cos(self.inputs[0])


class Cos(Function):
    """y = cos x; dy/dx = -sin x."""

    def forward(self, x: Array) -> Array:
        return module_of(x).cos(x)

    def backward(self, gy: Variable) -> Variable:
        return gy * -sin(self.inputs[0])


class Tanh(Function):
    """y = tanh x; dy/dx = 1 - y²."""

    def forward(self, x: Array) -> Array:
        return module_of(x).tanh(x)

    def backward(self, gy: Variable) -> Variable:
        y = self.output()
        return gy * (1 - y * y)


class Exp(Function):
    """y = e^x; dy/dx = y."""

    def forward(self, x: Array) -> Array:
        return module_of(x).exp(x)

    def backward(self, gy: Variable) -> Variable:
        return gy * self.output()


class Log(Function):
    """y = log x, the natural logarithm; dy/dx = 1 / x."""

    def forward(self, x: Array) -> Array:
        return module_of(x).log(x)

    def backward(self, gy: Variable) -> Variable:
        return gy / self.inputs[0]


def sin(x: Operand) -> Variable:
    """y = sin x, x in radians.

    >>> sin(np.array(np.pi / 2))
    variable(1.0)
    """
    return cast(Variable, Sin()(x))


def cos(x: Operand) -> Variable:
    """y = cos x, x in radians.

    >>> cos(np.array(0.0))
    variable(1.0)
    """
    return cast(Variable, Cos()(x))


def tanh(x: Operand) -> Variable:
    """y = (e^x - e^-x) / (e^x + e^-x).

    >>> tanh(np.array(0.0))
    variable(0.0)
    """
    return cast(Variable, Tanh()(x))


def exp(x: Operand) -> Variable:
    """y = e^x.

    >>> exp(np.array(0.0))
    variable(1.0)
    """
    return cast(Variable, Exp()(x))


def log(x: Operand) -> Variable:
    """y = log x, the natural logarithm.

    >>> log(np.array(1.0))
    variable(0.0)
    """
    return cast(Variable, Log()(x))


def sqrt(x: Operand) -> Variable:
    """y = √x.

    >>> sqrt(np.array(9.0))
    variable(3.0)
    """
    return as_operand(x) ** 0.5
