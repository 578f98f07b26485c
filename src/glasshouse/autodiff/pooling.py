"""Pooling: the largest or the mean under each window. x (N, C, H, W), y (N, C, OH, OW)."""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand
from .faults import ShapeError
from .geometry import Size, Window, window
from .reduction import mean
from .switches import recording

__all__ = [
    "AveragePool", "AverageSpread", "MaxPool", "WinnersGather", "WinnersScatter", "average_pooling",
    "global_average_pooling", "pooling",
]  # fmt: skip


class MaxPool(Function):
    """y = the largest number under each window; the gradient goes to the winner, the first of equals."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def forward(self, x: Array) -> Array:
        y, self.winners = module_of(x).max_pool(x, self.window, keep=recording())
        return y

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, WinnersScatter(self.inputs[0].data, self.winners, self.window)(gy))


class WinnersScatter(Function):
    """Zeros, shaped `like` another array, with gy added at the winners; its own gradient is picked up there."""

    def __init__(self, like: Array, winners: Array | None, window: Window) -> None:
        self.like, self.winners, self.window = like, winners, window

    def forward(self, gy: Array) -> Array:
        return module_of(gy).max_pool_scatter(gy, self.winners, self.like, self.window)

    def backward(self, ggx: Variable) -> Variable:
        return cast(Variable, WinnersGather(self.winners, self.window)(ggx))


class WinnersGather(Function):
    """The numbers at the winners; the transpose of scattering."""

    def __init__(self, winners: Array | None, window: Window) -> None:
        self.winners, self.window = winners, window

    def forward(self, x: Array) -> Array:
        return module_of(x).max_pool_gather(x, self.winners, self.window)

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, WinnersScatter(self.inputs[0].data, self.winners, self.window)(gy))


class AveragePool(Function):
    """y = Σ x / (KH KW) under each window, padding counted as zero; the gradient is spread evenly."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def forward(self, x: Array) -> Array:
        return module_of(x).average_pool(x, self.window)

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, AverageSpread(self.inputs[0].data, self.window)(gy))


class AverageSpread(Function):
    """Each number spread evenly over its window, shaped `like` another array; the transpose of averaging."""

    def __init__(self, like: Array, window: Window) -> None:
        self.like, self.window = like, window

    def forward(self, gy: Array) -> Array:
        return module_of(gy).average_pool_spread(gy, self.like, self.window)

    def backward(self, ggx: Variable) -> Variable:
        return cast(Variable, AveragePool(self.window)(ggx))


def _window(x: Variable, kernel_size: Size, stride: Size, pad: Size) -> Window:
    w = window(kernel_size, stride, pad)
    if x.ndim != 4:
        raise ShapeError("expected pictures (N, C, H, W), got {shape}", shape=x.shape)
    if any(p >= k for p, k in zip(w.pad, w.kernel)):
        raise ShapeError(
            "a pad of {pad} leaves windows of {kernel} with nothing under them; take a smaller pad",
            pad=w.pad,
            kernel=w.kernel,
        )
    w.out((x.shape[2], x.shape[3]))
    return w


def pooling(x: Operand, kernel_size: Size, stride: Size = 1, pad: Size = 0) -> Variable:
    """y = the largest number under each window; padding never wins.

    Source: Deep Learning from Scratch 3, step 57.

    >>> pooling(np.arange(16.0).reshape(1, 1, 4, 4), 2, 2).data[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = as_operand(x)
    return cast(Variable, MaxPool(_window(x, kernel_size, stride, pad))(x))


def average_pooling(x: Operand, kernel_size: Size, stride: Size = 1, pad: Size = 0) -> Variable:
    """y = the mean under each window; padding counts as zero.

    >>> average_pooling(np.arange(16.0).reshape(1, 1, 4, 4), (2, 4), 2).data[0, 0]
    array([[ 3.5],
           [11.5]])
    """
    x = as_operand(x)
    return cast(Variable, AveragePool(_window(x, kernel_size, stride, pad))(x))


def global_average_pooling(x: Operand) -> Variable:
    """y = the mean of each channel. x (N, C, H, W), y (N, C).

    >>> global_average_pooling(np.ones((2, 3, 4, 4))).shape
    (2, 3)
    """
    return mean(x, axis=(2, 3))
