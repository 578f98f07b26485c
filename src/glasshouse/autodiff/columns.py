"""im2col and col2im: every window of a picture as a row of numbers, and back. Each is the transpose of the other."""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand
from .geometry import Size, Window, window
from .shaping import reshape, transpose

__all__ = ["Col2im", "Im2col", "col2im", "im2col"]


class Im2col(Function):
    """Pictures to windows; the gradient of a window goes back to its place."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def forward(self, x: Array) -> Array:
        return module_of(x).unfold(x, self.window)

    def backward(self, gy: Variable) -> Variable:
        return cast(Variable, Col2im(self.inputs[0].shape, self.window)(gy))


class Col2im(Function):
    """Windows added up to pictures; the gradient of a place goes to every window over it."""

    def __init__(self, shape: tuple[int, ...], window: Window) -> None:
        self.shape, self.window = shape, window

    def forward(self, columns: Array) -> Array:
        return module_of(columns).fold(columns, self.shape, self.window)

    def backward(self, gx: Variable) -> Variable:
        return cast(Variable, Im2col(self.window)(gx))


def im2col(x: Operand, kernel_size: Size, stride: Size = 1, pad: Size = 0, to_matrix: bool = True) -> Variable:
    """Every window of the pictures. x (N, C, H, W); y (N OH OW, C KH KW), or (N, C, KH, KW, OH, OW) as an array.

    Source: Deep Learning from Scratch 3, step 57.

    >>> im2col(np.zeros((1, 3, 7, 7)), 5).shape
    (9, 75)
    """
    y = cast(Variable, Im2col(window(kernel_size, stride, pad))(x))
    if not to_matrix:
        return y
    N, C, KH, KW, OH, OW = y.shape
    return reshape(transpose(y, (0, 4, 5, 1, 2, 3)), (N * OH * OW, C * KH * KW))


def col2im(
    x: Operand, input_shape: tuple[int, ...], kernel_size: Size, stride: Size = 1, pad: Size = 0, to_matrix: bool = True
) -> Variable:
    """Windows added back to pictures of `input_shape`: the transpose of im2col.

    >>> float(col2im(np.ones((9, 75)), (1, 3, 7, 7), 5).data[0, 0, 3, 3])
    9.0
    """
    w, x = window(kernel_size, stride, pad), as_operand(x)
    if to_matrix:
        (N, C, H, W), (KH, KW) = input_shape, w.kernel
        OH, OW = w.out((H, W))
        x = transpose(reshape(x, (N, OH, OW, C, KH, KW)), (0, 3, 4, 5, 1, 2))
    return cast(Variable, Col2im(tuple(input_shape), w)(x))
