"""Activation functions: sigmoid, ReLU, ReLU6, leaky ReLU, softmax and its logarithm."""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, constant
from .elementary import exp
from .switches import recording

__all__ = [
    "LeakyReLU", "LogSoftmax", "ReLU", "ReLU6", "Sigmoid", "Softmax", "leaky_relu", "log_softmax", "relu", "relu6",
    "sigmoid", "softmax",
]  # fmt: skip


class Sigmoid(Function):
    """y = 1 / (1 + e^-x); dy/dx = y (1 - y)."""

    def forward(self, x: Array) -> Array:
        return module_of(x).sigmoid(x)

    def backward(self, gy: Variable) -> Variable:
        y = self.output()
        return gy * (y * (1 - y))


class ReLU(Function):
    """y = max(x, 0); dy/dx = 1 where x > 0, else 0."""

    def forward(self, x: Array) -> Array:
        return module_of(x).relu(x)

    def backward(self, gy: Variable) -> Variable:
        y = self.output().data
        if not recording():
            return constant(module_of(y).relu_backward(gy.data, y))
        return gy * constant(y > 0)


class ReLU6(Function):
    """y = max(x, 0), but at most 6; dy/dx = 1 between 0 and 6, else 0."""

    def forward(self, x: Array) -> Array:
        return module_of(x).clip(x, 0.0, 6.0)

    def backward(self, gy: Variable) -> Variable:
        y = self.output().data
        return gy * constant((y > 0) & (y < 6))


class LeakyReLU(Function):
    """y = x where x > 0, else slope x; dy/dx = 1 or slope."""

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def forward(self, x: Array) -> Array:
        return x * self._steepness(x)

    def backward(self, gy: Variable) -> Variable:
        return gy * constant(self._steepness(self.inputs[0].data))

    def _steepness(self, x: Array) -> Array:
        positive = module_of(x).astype(x > 0, x)
        return positive + (1 - positive) * self.slope


class Softmax(Function):
    """y = e^x / Σ e^x along an axis; dx = y (gy - Σ gy y)."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        return module_of(x).softmax(x, self.axis)

    def backward(self, gy: Variable) -> Variable:
        y = self.output()
        return y * (gy - (gy * y).sum(self.axis, keepdims=True))


class LogSoftmax(Function):
    """y = x - log Σ e^x along an axis; dx = gy - e^y Σ gy."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        return module_of(x).log_softmax(x, self.axis)

    def backward(self, gy: Variable) -> Variable:
        y = self.output()
        if not recording():
            return constant(module_of(y.data).log_softmax_backward(gy.data, y.data, self.axis))
        return gy - exp(y) * gy.sum(self.axis, keepdims=True)


def sigmoid(x: Operand) -> Variable:
    """y = 1 / (1 + e^-x), between 0 and 1; never overflows.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    variable([0.  0.5 1. ])
    """
    return cast(Variable, Sigmoid()(x))


def relu(x: Operand) -> Variable:
    """y = max(x, 0).

    >>> relu(np.array([-1.0, 2.0]))
    variable([0. 2.])
    """
    return cast(Variable, ReLU()(x))


def relu6(x: Operand) -> Variable:
    """y = max(x, 0), but at most 6.

    Source: Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10.

    >>> relu6(np.array([-1.0, 2.0, 9.0]))
    variable([0. 2. 6.])
    """
    return cast(Variable, ReLU6()(x))


def leaky_relu(x: Operand, slope: float = 0.2) -> Variable:
    """y = x where x > 0, else slope x.

    >>> leaky_relu(np.array([-1.0, 2.0]))
    variable([-0.2  2. ])
    """
    return cast(Variable, LeakyReLU(slope)(x))


def softmax(x: Operand, axis: int = 1) -> Variable:
    """y = e^x / Σ e^x: numbers to probabilities along an axis.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    variable([[0.5 0.5]
              [1.  0. ]])
    """
    return cast(Variable, Softmax(axis)(x))


def log_softmax(x: Operand, axis: int = 1) -> Variable:
    """y = x - log Σ e^x: the logarithm of softmax, without overflow.

    >>> log_softmax(np.array([[1000.0, 0.0]]))
    variable([[    0. -1000.]])
    """
    return cast(Variable, LogSoftmax(axis)(x))
