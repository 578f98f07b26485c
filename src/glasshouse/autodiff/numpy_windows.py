"""Convolution and pooling for NumPy: columns and one matrix product an image, in pieces that stay in the cache.

N batch, C channels in, OC channels out, G groups; OH, OW output height and width, P = OH OW places;
K = C KH KW numbers under a window.
"""

import numpy as np

from .arrays import Array
from .geometry import Window

__all__ = [
    "average_pool", "average_pool_spread", "conv2d", "conv2d_input", "conv2d_weight", "fold", "max_pool",
    "max_pool_gather", "max_pool_scatter", "unfold",
]  # fmt: skip

_CACHE = 1 << 18  # bytes of columns that are worked on at once; keeping all of them for backward was no quicker
_LEAST = 16  # numbers under a row of the kernel from which on it pays to take rows by themselves


def _padded(x: Array, window: Window, fill: float = 0) -> Array:
    (PH, PW), (N, C, H, W) = window.pad, x.shape
    if PH == PW == 0:
        return x
    y = np.full((N, C, H + 2 * PH, W + 2 * PW), fill, dtype=x.dtype)
    y[:, :, PH : PH + H, PW : PW + W] = x
    return y


def _under(x: Array, window: Window) -> Array:
    """A view of a padded picture: what lies under the window at each place."""  # (N, C, KH, KW, OH, OW)
    OH, OW = window._replace(pad=(0, 0)).out(x.shape[2:])
    (SH, SW), (DH, DW), (n, c, h, w) = window.stride, window.dilation, x.strides
    shape = (*x.shape[:2], *window.kernel, OH, OW)
    return np.lib.stride_tricks.as_strided(x, shape, (n, c, h * DH, w * DW, h * SH, w * SW), writeable=False)


def _slices(window: Window, out: tuple[int, int]) -> list[tuple[int, int, slice, slice]]:
    """For each place (i, j) in the kernel: the rows and columns of the padded picture that it meets."""
    (KH, KW), (SH, SW), (DH, DW), (OH, OW) = window.kernel, window.stride, window.dilation, out
    rows = [slice(i * DH, i * DH + SH * (OH - 1) + 1, SH) for i in range(KH)]
    columns = [slice(j * DW, j * DW + SW * (OW - 1) + 1, SW) for j in range(KW)]
    return [(i, j, rows[i], columns[j]) for i in range(KH) for j in range(KW)]


def unfold(x: Array, window: Window) -> Array:
    """Every window laid out: im2col."""  # (N, C, H, W) -> (N, C, KH, KW, OH, OW)
    return np.ascontiguousarray(_under(_padded(x, window), window))


def fold(columns: Array, shape: tuple[int, ...], window: Window) -> Array:
    """Every window added back to where it came from: col2im."""  # (N, C, KH, KW, OH, OW) -> (N, C, H, W)
    (N, C, H, W), (PH, PW) = shape, window.pad
    y = np.zeros((N, C, H + 2 * PH, W + 2 * PW), dtype=columns.dtype)
    for i, j, rows, cols in _slices(window, columns.shape[4:]):
        y[:, :, rows, cols] += columns[:, :, i, j]
    return y[:, :, PH : PH + H, PW : PW + W]


def _pieces(N: int, bytes_each: int) -> list[slice]:
    step = max(1, _CACHE // max(1, bytes_each))
    return [slice(n, min(n + step, N)) for n in range(0, N, step)]


class _Columns:
    """A padded batch laid out for matrix products, a piece at a time.

    Where windows move one row at a time, numbers are laid out along the width alone, and each row of the kernel meets
    the same columns, moved by a row: KH products of K / KH numbers in place of one of K, and a KH-th of the copying.
    """

    def __init__(self, x: Array, window: Window, groups: int, itemsize: int) -> None:
        (KH, KW), (SH, SW), (DH, DW) = window.kernel, window.stride, window.dilation
        (OH, OW), x, self.groups = window.out(x.shape[2:]), _padded(x, window), groups
        self.places = OH * OW
        (n, c, h, w), (N, C, H, _) = x.strides, x.shape
        self.by_rows = SH == 1 and KH > 1 and C // groups * KW >= _LEAST
        if self.by_rows:
            shape, strides = (N, C, KW, H, OW), (n, c, w * DW, h, w * SW)
            self.starts = [i * DH * OW for i in range(KH)]
        else:
            shape, strides = (N, C, KH, KW, OH, OW), (n, c, h * DH, w * DW, h * SH, w * SW)  # type: ignore[assignment]
            self.starts = [0]
        self.under = np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)
        self.pieces = _pieces(N, self.under[0].size * itemsize)

    def __call__(self, piece: slice) -> list[Array]:
        """The matrices that the kernel's parts meet."""  # each (n, G, K / G / parts, P)
        under = self.under[piece]
        columns = np.ascontiguousarray(under).reshape(len(under), self.groups, -1, under.shape[-2] * under.shape[-1])
        return [columns[..., start : start + self.places] for start in self.starts]

    def parts(self, W: Array) -> list[Array]:
        """The kernel's parts."""  # each (G, OC / G, K / G / parts)
        rows = [W[:, :, i] for i in range(len(self.starts))] if self.by_rows else [W]
        return [np.ascontiguousarray(row).reshape(self.groups, len(W) // self.groups, -1) for row in rows]


def conv2d(x: Array, W: Array, b: Array | None, window: Window, groups: int) -> Array:
    """y = W * x + b."""
    dtype = np.result_type(x, W)
    columns, (OH, OW) = _Columns(x, window, groups, dtype.itemsize), window.out(x.shape[2:])
    first, *others = columns.parts(W)
    y = np.empty((len(x), groups, len(W) // groups, OH * OW), dtype=dtype)
    for piece in columns.pieces:
        under, *below = columns(piece)
        np.matmul(first, under, out=y[piece])
        for kernel, under in zip(others, below):
            y[piece] += np.matmul(kernel, under)
        if b is not None:
            y[piece] += b.reshape(groups, -1, 1)
    return y.reshape(len(x), len(W), OH, OW)


def conv2d_input(gy: Array, W: Array, like: Array, window: Window, groups: int) -> Array:
    """The gradient of a convolution with respect to its input: a transposed convolution."""
    shape = like.shape
    around = [d * (k - 1) - p for k, p, d in zip(window.kernel, window.pad, window.dilation)]
    if window.stride == (1, 1) and min(around) >= 0 and len(W) <= 3 * shape[1]:
        turned = Window(window.kernel, (1, 1), (around[0], around[1]), window.dilation)
        return conv2d(gy, _turned(W, groups), None, turned, groups)
    return _spread(gy, W, shape, window, groups)


def _turned(W: Array, groups: int) -> Array:
    """Kernels turned by 180 degrees, with inputs and outputs exchanged."""  # (OC, C/G, ..) -> (C, OC/G, ..)
    OC, C = W.shape[0], W.shape[1] * groups
    parts = W[:, :, ::-1, ::-1].reshape(groups, OC // groups, C // groups, *W.shape[2:])
    return np.ascontiguousarray(parts.swapaxes(1, 2)).reshape(C, OC // groups, *W.shape[2:])


def _spread(gy: Array, W: Array, shape: tuple[int, ...], window: Window, groups: int) -> Array:
    """The same for any stride: columns of gradients, added back to their places."""
    (N, C, H, Wd), (PH, PW), G, (OH, OW) = shape, window.pad, groups, gy.shape[2:]
    kernel = W.reshape(G, len(W) // G, -1).transpose(0, 2, 1)  # (G, K/G, OC/G)
    gy = gy.reshape(N, G, -1, OH * OW)
    gx = np.zeros((N, C, H + 2 * PH, Wd + 2 * PW), dtype=np.result_type(gy, W))
    slices = _slices(window, (OH, OW))
    for piece in _pieces(N, C * W[0, 0].size * OH * OW * gx.itemsize):
        columns = np.matmul(kernel, gy[piece]).reshape(-1, C, *window.kernel, OH, OW)
        target = gx[piece]
        for i, j, rows, cols in slices:
            target[:, :, rows, cols] += columns[:, :, i, j]
    return gx[:, :, PH : PH + H, PW : PW + Wd]


def conv2d_weight(
    x: Array, gy: Array, like: Array, window: Window, groups: int, bias: bool
) -> tuple[Array, Array | None]:
    """The gradients of a convolution with respect to its weights and, if asked for, its bias."""
    gb, shape = gy.sum((0, 2, 3)) if bias else None, like.shape
    dtype = np.result_type(x, gy)
    columns, OC = _Columns(x, window, groups, dtype.itemsize), gy.shape[1] // groups
    gy = gy.reshape(len(gy), groups, OC, -1).swapaxes(2, 3)
    sums = [np.zeros((groups, int(np.prod(shape[1:])) // len(columns.starts), OC), dtype) for _ in columns.starts]
    for piece in columns.pieces:
        for gW, under in zip(sums, columns(piece)):
            gW += np.matmul(under, gy[piece]).sum(axis=0)  # turned: quicker so in BLAS
    KH = shape[2] if columns.by_rows else 1
    gW = np.stack([part.swapaxes(1, 2).reshape(*shape[:2], shape[2] // KH, shape[3]) for part in sums], axis=2)
    return gW.reshape(shape), gb


def max_pool(x: Array, window: Window, keep: bool) -> tuple[Array, Array | None]:
    """The largest number under each window, and if `keep` which it was, the first of equals; padding never wins."""
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    x = _padded(x, window, fill=lowest)
    slices = _slices(window, window._replace(pad=(0, 0)).out(x.shape[2:]))
    views = [x[:, :, rows, cols] for _, _, rows, cols in slices]
    y = views[0].copy()
    for view in views[1:]:
        np.maximum(y, view, out=y)
    return y, _first(views, y) if keep else None


def _first(views: list[Array], y: Array) -> Array:
    """The number of the first view that holds y: how many before it do not."""
    before = np.ones(y.shape, dtype=bool)
    winners = np.zeros(y.shape, dtype=np.uint8 if len(views) <= 256 else np.intp)
    for view in views[:-1]:
        before &= view != y
        winners += before
    return winners


def max_pool_scatter(gy: Array, winners: Array, like: Array, window: Window) -> Array:
    """Each number of `gy` added at the place of its winner."""
    (N, C, H, W), (PH, PW) = like.shape, window.pad
    gx = np.zeros((N, C, H + 2 * PH, W + 2 * PW), dtype=gy.dtype)
    apart = all(s >= d * (k - 1) + 1 for s, k, d in zip(window.stride, window.kernel, window.dilation))
    for k, (_, _, rows, cols) in enumerate(_slices(window, gy.shape[2:])):
        if apart:  # no two windows meet: each place is written once
            np.multiply(gy, winners == k, out=gx[:, :, rows, cols])
        else:
            gx[:, :, rows, cols] += gy * (winners == k)
    return gx[:, :, PH : PH + H, PW : PW + W]


def max_pool_gather(x: Array, winners: Array, window: Window) -> Array:
    """The numbers of `x` at the places of the winners."""
    x, y = _padded(x, window), np.zeros(winners.shape, dtype=x.dtype)
    for k, (_, _, rows, cols) in enumerate(_slices(window, winners.shape[2:])):
        y += x[:, :, rows, cols] * (winners == k)
    return y


def average_pool(x: Array, window: Window) -> Array:
    """The mean under each window; padding counts as zero."""
    x = _padded(x, window)
    slices = _slices(window, window._replace(pad=(0, 0)).out(x.shape[2:]))
    y = x[:, :, slices[0][2], slices[0][3]].copy()
    for _, _, rows, cols in slices[1:]:
        y += x[:, :, rows, cols]
    return y / len(slices)


def average_pool_spread(gy: Array, like: Array, window: Window) -> Array:
    """Each number of `gy` spread evenly over its window."""
    (N, C, H, W), (PH, PW) = like.shape, window.pad
    gx = np.zeros((N, C, H + 2 * PH, W + 2 * PW), dtype=gy.dtype)
    slices = _slices(window, gy.shape[2:])
    share = gy / len(slices)
    for _, _, rows, cols in slices:
        gx[:, :, rows, cols] += share
    return gx[:, :, PH : PH + H, PW : PW + W]
