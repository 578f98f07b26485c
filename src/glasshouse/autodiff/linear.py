"""Products: matrix product (batches too) and the affine map of a fully connected layer."""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand
from .faults import ShapeError
from .reduction import sum_to
from .shaping import reshape, transpose

__all__ = ["Linear", "LinearWeight", "MatMul", "linear", "matmul"]


class MatMul(Function):
    """y = x W over the last two axes; dy/dx = gy Wᵀ, dy/dW = xᵀ gy."""

    def forward(self, x: Array, W: Array) -> Array:
        return module_of(x).matmul(x, W)

    def backward(self, gy: Variable) -> tuple[Variable | None, Variable | None]:
        x, W = self.inputs
        gx = sum_to(matmul(gy, _swapped(W)), x.shape) if self.wants(0) else None
        gW = sum_to(matmul(_swapped(x), gy), W.shape) if self.wants(1) else None
        return gx, gW


class Linear(Function):
    """y = x W + b; dy/dx = gy Wᵀ, dy/dW = xᵀ gy, dy/db = Σ gy."""  # x (N, D), W (D, K), b (K,)

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        return module_of(x).linear(x, W, b)

    def backward(self, gy: Variable) -> list[Variable | None]:
        x, W, *b = self.inputs
        gx = MatMul()(gy, transpose(W)) if self.wants(0) else None
        gW = LinearWeight(W.data)(x, gy) if self.wants(1) else None
        return [gx, gW, *(sum_to(gy, b.shape) for b in b)]


class LinearWeight(Function):
    """gW = xᵀ gy, which lies in memory as `like` does."""

    def __init__(self, like: Array) -> None:
        self.like = like

    def forward(self, x: Array, gy: Array) -> Array:
        return module_of(x).linear_weight(x, gy, self.like)

    def backward(self, ggW: Variable) -> tuple[Variable, Variable]:
        x, gy = self.inputs
        return matmul(gy, transpose(ggW)), matmul(x, ggW)


def _swapped(x: Variable) -> Variable:
    return transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def matmul(x: Operand, W: Operand) -> Variable:
    """y = x W: a matrix product over the last two axes, leading axes broadcast; a dot product for two vectors.

    Source: Deep Learning from Scratch 3, step 41 (whose product of three axes is another one).

    >>> matmul(np.ones((7, 2, 3)), np.ones((7, 3, 5))).shape
    (7, 2, 5)
    """
    x, W = as_operand(x), as_operand(W)
    if x.ndim == 0 or W.ndim == 0 or x.shape[-1] != W.shape[-2 if W.ndim > 1 else 0]:
        raise ShapeError(
            "cannot multiply {shape} by {shape2}: the last length of x must be the rows of W",
            shape=x.shape,
            shape2=W.shape,
        )
    if x.ndim == 1:
        y = matmul(reshape(x, (1, -1)), W)
        return reshape(y, y.shape[:-2] + y.shape[-1:] if W.ndim > 1 else ())
    if W.ndim == 1:
        y = matmul(x, reshape(W, (-1, 1)))
        return reshape(y, y.shape[:-1])
    return cast(Variable, MatMul()(x, W))


def linear(x: Operand, W: Operand, b: Operand | None = None) -> Variable:
    """y = x W + b: a fully connected layer. x (..., D), W (D, K), b (K,).

    Source: Deep Learning from Scratch 3, step 43.

    >>> linear(np.ones((2, 3)), np.ones((3, 4)), np.zeros(4)).shape
    (2, 4)
    """
    x, W = as_operand(x), as_operand(W)
    if x.ndim == 0 or W.ndim != 2 or x.shape[-1] != W.shape[0]:
        raise ShapeError(
            "x of shape {shape} does not fit weights of shape {shape2}; x needs {shape3} columns",
            shape=x.shape,
            shape2=W.shape,
            shape3=W.shape[0],
        )
    rows = x if x.ndim == 2 else reshape(x, (-1, x.shape[-1]))
    y = Linear()(rows, W) if b is None else Linear()(rows, W, b)
    return cast(Variable, y) if x.ndim == 2 else reshape(y, (*x.shape[:-1], W.shape[1]))
