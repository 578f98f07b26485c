"""Convolution as three bilinear maps, each the derivative of the others; so any order of derivative works.

    y  = Conv2d(x, W, b)           the convolution
    gx = Conv2dInput(gy, W)        its derivative in x: a transposed convolution
    gW, gb = Conv2dWeight(x, gy)   its derivative in W and b: a convolution of x with gy, and the sums of gy

The last two are given `like`, an array of the shape of gx or gW: only its shape is used, and how it lies in memory.

N batch, C channels in, O channels out, G groups; x (N, C, H, W), W (O, C/G, KH, KW), y (N, O, OH, OW).
"""

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand
from .faults import ShapeError
from .geometry import Size, Window, pair, window
from .shaping import reshape

__all__ = ["Conv2d", "Conv2dInput", "Conv2dWeight", "conv2d", "deconv2d"]


class Conv2d(Function):
    """y = W * x + b."""

    def __init__(self, window: Window, groups: int) -> None:
        self.window, self.groups = window, groups

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        return module_of(x).conv2d(x, W, b, self.window, self.groups)

    def backward(self, gy: Variable) -> list[Variable | None]:
        x, W, *b = self.inputs
        gx = _input(gy, W, x.data, self.window, self.groups) if self.wants(0) else None
        if b and self.wants(2):
            return [gx, *Conv2dWeight(W.data, self.window, self.groups, bias=True)(x, gy)]
        gW = _weight(x, gy, W.data, self.window, self.groups) if self.wants(1) else None
        return [gx, gW, *(None for _ in b)]


class Conv2dInput(Function):
    """gx = Wᵀ * gy: what a convolution does to the gradient on its way to x."""

    def __init__(self, like: Array, window: Window, groups: int) -> None:
        self.like, self.window, self.groups = like, window, groups

    def forward(self, gy: Array, W: Array) -> Array:
        return module_of(gy).conv2d_input(gy, W, self.like, self.window, self.groups)

    def backward(self, ggx: Variable) -> tuple[Variable | None, Variable | None]:
        gy, W = self.inputs
        ggy = Conv2d(self.window, self.groups)(ggx, W) if self.wants(0) else None
        gW = _weight(ggx, gy, W.data, self.window, self.groups) if self.wants(1) else None
        return ggy, gW


class Conv2dWeight(Function):
    """gW = gy * x, gb = Σ gy: what a convolution does to the gradient on its way to W and, if there is one, to b."""

    def __init__(self, like: Array, window: Window, groups: int, bias: bool = False) -> None:
        self.like, self.window, self.groups, self.bias = like, window, groups, bias

    def forward(self, x: Array, gy: Array) -> Array | tuple[Array, Array]:
        gW, gb = module_of(x).conv2d_weight(x, gy, self.like, self.window, self.groups, self.bias)
        return (gW, gb) if self.bias else gW

    def backward(self, ggW: Variable, *ggb: Variable) -> tuple[Variable | None, Variable | None]:
        x, gy = self.inputs
        gx = _input(gy, ggW, x.data, self.window, self.groups) if self.wants(0) else None
        ggy = Conv2d(self.window, self.groups)(x, ggW, *ggb) if self.wants(1) else None
        return gx, ggy


def _input(gy: Variable, W: Variable, like: Array, window: Window, groups: int) -> Variable:
    return cast(Variable, Conv2dInput(like, window, groups)(gy, W))


def _weight(x: Variable, gy: Variable, like: Array, window: Window, groups: int) -> Variable:
    return cast(Variable, Conv2dWeight(like, window, groups)(x, gy))


def conv2d(
    x: Operand, W: Operand, b: Operand | None = None, stride: Size = 1, pad: Size = 0,
    dilation: Size = 1, groups: int = 1,
) -> Variable:  # fmt: skip
    """y[n, o, i, j] = b[o] + Σ W[o, c, k, l] x[n, c, S i + D k - P, S j + D l - P], with stride S, pad P, dilation D.

    Source: Deep Learning from Scratch 3, step 57; dilation and groups as in later networks.

    >>> conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), pad=1).data[0, 0]
    array([[4., 6., 6., 4.],
           [6., 9., 9., 6.],
           [6., 9., 9., 6.],
           [4., 6., 6., 4.]])
    """
    x, W = as_operand(x), as_operand(W)
    if x.ndim != 4 or W.ndim != 4 or x.shape[1] != W.shape[1] * groups or W.shape[0] % groups:
        raise ShapeError(
            "pictures {shape} do not fit kernels {shape2} in {groups} groups; expected x (N, C, H, W) and W "
            "(O, C / groups, KH, KW) with O a multiple of groups",
            shape=x.shape,
            shape2=W.shape,
            groups=groups,
        )
    function = Conv2d(window((W.shape[2], W.shape[3]), stride, pad, dilation), groups)
    function.window.out((x.shape[2], x.shape[3]))
    return cast(Variable, function(x, W) if b is None else function(x, W, b))


def deconv2d(
    x: Operand, W: Operand, b: Operand | None = None, stride: Size = 1, pad: Size = 0, outsize: Size | None = None
) -> Variable:
    """The transposed convolution: what `conv2d` does to gradients. x (N, C, H, W), W (C, O, KH, KW).

    Args:
        outsize: height and width of the result, S (H - 1) + K - 2 P if none is given.

    >>> deconv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)), stride=2).shape
    (1, 1, 4, 4)
    """
    x, W = as_operand(x), as_operand(W)
    if x.ndim != 4 or W.ndim != 4 or x.shape[1] != W.shape[0]:
        raise ShapeError(
            "pictures {shape} do not fit kernels {shape2}; expected x (N, C, H, W), W (C, O, KH, KW)",
            shape=x.shape,
            shape2=W.shape,
        )
    w = window((W.shape[2], W.shape[3]), stride, pad)
    if outsize is None:
        size = tuple(s * (n - 1) + k - 2 * p for n, k, s, p in zip(x.shape[2:], w.kernel, w.stride, w.pad))
    else:
        size = pair(outsize)
    if w.out((size[0], size[1])) != x.shape[2:]:
        raise ShapeError(
            "no picture of {size} becomes one of {shape} under {w}; choose another outsize",
            size=size,
            shape=x.shape[2:],
            w=w,
        )
    like = module_of(x.data).zeros((x.shape[0], W.shape[1], *size), x.data)
    y = _input(x, W, like, w, 1)
    return y if b is None else y + reshape(b, (1, -1, 1, 1))
