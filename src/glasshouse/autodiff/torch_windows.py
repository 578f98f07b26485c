"""Convolution and pooling for torch: its own kernels, called directly, forward and backward."""

import torch
import torch.nn.functional as F

from .arrays import Array
from .geometry import Window

__all__ = [
    "average_pool", "average_pool_spread", "conv2d", "conv2d_input", "conv2d_weight", "fold", "max_pool",
    "max_pool_gather", "max_pool_scatter", "unfold",
]  # fmt: skip

_average_backward = torch.ops.aten.avg_pool2d_backward.default
_conv2d_backward = torch.ops.aten.convolution_backward.default
_max_pool = torch.ops.aten.max_pool2d_with_indices.default
_max_pool_backward = torch.ops.aten.max_pool2d_with_indices_backward.default


def unfold(x: Array, window: Window) -> Array:
    """Every window laid out: im2col."""  # (N, C, H, W) -> (N, C, KH, KW, OH, OW)
    columns = F.unfold(x, window.kernel, window.dilation, window.pad, window.stride)
    return columns.reshape(*x.shape[:2], *window.kernel, *window.out(x.shape[2:]))


def fold(columns: Array, shape: tuple[int, ...], window: Window) -> Array:
    """Every window added back to where it came from: col2im."""  # (N, C, KH, KW, OH, OW) -> (N, C, H, W)
    N, C, KH, KW, OH, OW = columns.shape
    flat = columns.reshape(N, C * KH * KW, OH * OW)
    return F.fold(flat, shape[2:], window.kernel, window.dilation, window.pad, window.stride)


def conv2d(x: Array, W: Array, b: Array | None, window: Window, groups: int) -> Array:
    """y = W * x + b."""
    return F.conv2d(x, W, b, window.stride, window.pad, window.dilation, groups)


def conv2d_input(gy: Array, W: Array, like: Array, window: Window, groups: int) -> Array:
    """The gradient of a convolution with respect to its input: a transposed convolution."""
    ways = (window.stride, window.pad, window.dilation, False, [0, 0], groups, [True, False, False])
    return _conv2d_backward(gy, like, W, None, *ways)[0]


def conv2d_weight(
    x: Array, gy: Array, like: Array, window: Window, groups: int, bias: bool
) -> tuple[Array, Array | None]:
    """The gradients of a convolution with respect to its weights and, if asked for, its bias."""
    ways = (window.stride, window.pad, window.dilation, False, [0, 0], groups, [False, True, bias])
    _, gW, gb = _conv2d_backward(gy, x, like, [gy.shape[1]] if bias else None, *ways)
    return gW, gb


def max_pool(x: Array, window: Window, keep: bool) -> tuple[Array, Array | None]:
    """The largest number under each window, and its place in the picture; padding never wins."""
    (H, W), (PH, PW) = x.shape[2:], window.pad
    if _narrow(window):
        y, places = _max_pool(x, *window)
        return y, places
    wide = F.pad(x, (PW, PW, PH, PH), value=-torch.inf)  # torch's kernel refuses a pad over half the kernel
    y, places = _max_pool(wide, window.kernel, window.stride, (0, 0), window.dilation)
    rows, columns = places // wide.shape[3] - PH, places % wide.shape[3] - PW
    return y, rows.clamp(0, H - 1) * W + columns.clamp(0, W - 1)


def _narrow(window: Window) -> bool:
    """Whether the pad is at most half the kernel, as torch's kernels for pooling ask."""
    return all(2 * pad <= kernel for pad, kernel in zip(window.pad, window.kernel))


def max_pool_scatter(gy: Array, winners: Array, like: Array, window: Window) -> Array:
    """Each number of `gy` added at the place of its winner."""
    if _narrow(window):
        return _max_pool_backward(gy, like, *window, False, winners)
    gx = gy.new_zeros(like.shape).flatten(2)
    return gx.scatter_add_(2, winners.flatten(2), gy.flatten(2)).reshape(like.shape)


def max_pool_gather(x: Array, winners: Array, window: Window) -> Array:
    """The numbers of `x` at the places of the winners."""
    return x.flatten(2).gather(2, winners.flatten(2)).reshape(winners.shape)


def average_pool(x: Array, window: Window) -> Array:
    """The mean under each window; padding counts as zero."""
    PH, PW = window.pad
    if _narrow(window):
        return F.avg_pool2d(x, window.kernel, window.stride, window.pad)
    return F.avg_pool2d(F.pad(x, (PW, PW, PH, PH)), window.kernel, window.stride)


def average_pool_spread(gy: Array, like: Array, window: Window) -> Array:
    """Each number of `gy` spread evenly over its window."""
    if _narrow(window):
        return _average_backward(gy, like, window.kernel, window.stride, window.pad, False, True, None)
    (N, C, H, W), (PH, PW) = like.shape, window.pad
    x = gy.new_empty(1).expand(N, C, H + 2 * PH, W + 2 * PW)  # only its shape is used
    gx = _average_backward(gy, x, window.kernel, window.stride, (0, 0), False, True, None)
    return gx[:, :, PH : PH + H, PW : PW + W]
