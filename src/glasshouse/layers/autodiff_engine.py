"""What layers compute with on glasshouse.autodiff. x (N, C, H, W), kernels (O, C / groups, KH, KW)."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from glasshouse.autodiff import Function, Variable, using_config
from glasshouse.autodiff import functions as A
from glasshouse.autodiff.arrays import Array, module_of, new_array
from glasshouse.autodiff.core import as_operand, constant

from .engine import Run, Two
from .shapes import Pads, between, shares, tapped

__all__ = [
    "above", "activations", "adaptive_average_pool", "at_most", "average_pool", "batch_norm", "bounded",
    "concatenate", "conv2d", "conv2d_transpose", "dropout", "elu", "generator", "leaky_relu", "linear", "max",
    "max_pool", "maximum", "mean", "pad", "reshape", "row", "rows_of", "to_inside", "to_outside", "upsample", "values",
    "warp", "where",
]  # fmt: skip

SELU = 1.0507009873554805, 1.6732632423543772


class Softplus(Function):
    """y = log(1 + e^x); dy/dx = sigmoid(x)."""

    def forward(self, x: Array) -> Array:
        return module_of(x).softplus(x)

    def backward(self, gy: Variable) -> Variable:
        return gy * A.sigmoid(self.inputs[0])


class Erf(Function):
    """y = erf(x); dy/dx = 2 / √π e^(-x²)."""

    def forward(self, x: Array) -> Array:
        from scipy.special import erf  # type: ignore[import-untyped]  # heavy: for gelu only

        return module_of(x).array_like(erf(module_of(x).host(x)), x)

    def backward(self, gy: Variable) -> Variable:
        (x,) = self.inputs
        slope: Variable = A.exp(-(x * x)) * (2 / np.pi**0.5)
        return gy * slope


def elu(x: Variable, alpha: float = 1.0) -> Variable:
    y: Variable = A.where(x.data > 0, x, alpha * (A.exp(at_most(x, 0.0)) - 1))
    return y


leaky_relu = A.leaky_relu
linear = A.linear
maximum = A.maximum
where = A.where

activations: dict[str, Callable[..., Variable]] = {
    "elu": elu,
    "exponential": A.exp,
    "gelu": lambda x: x * (0.5 + 0.5 * cast(Variable, Erf()(x * 0.5**0.5))),
    "hard_sigmoid": lambda x: A.clip(x * (1 / 6) + 0.5, 0.0, 1.0),
    "leaky_relu": lambda x: A.leaky_relu(x, 0.2),
    "log_softmax": A.log_softmax,
    "relu": A.relu,
    "relu6": A.relu6,
    "selu": lambda x: SELU[0] * elu(x, SELU[1]),
    "sigmoid": A.sigmoid,
    "silu": lambda x: x * A.sigmoid(x),
    "softmax": A.softmax,
    "softplus": lambda x: cast(Variable, Softplus()(x)),
    "softsign": lambda x: x / (1 + A.absolute(x)),
    "tanh": A.tanh,
}


def concatenate(xs: Sequence[Variable], axis: int) -> Variable:
    return A.concatenate(xs, axis)


def conv2d(
    x: Variable, W: Variable, b: Variable | None, strides: Two, pads: Pads, dilation: Two, groups: int
) -> Variable:
    (top, bottom), (left, right) = pads
    if top != bottom or left != right:
        return A.conv2d(pad(x, pads), W, b, strides, 0, dilation, groups)
    return A.conv2d(x, W, b, strides, (top, left), dilation, groups)


def conv2d_transpose(x: Variable, W: Variable, strides: Two) -> Variable:
    """x (N, C, H, W), W (C, O, KH, KW) to (N, O, S (H - 1) + KH, S (W - 1) + KW)."""
    return A.deconv2d(x, W, None, strides)


def pad(x: Variable, pads: Pads) -> Variable:
    return A.pad(x, [(0, 0), (0, 0), *pads])


def max_pool(x: Variable, kernel: Two, strides: Two, pads: Pads) -> Variable:
    (top, bottom), (left, right) = pads
    if top == bottom and left == right and top < kernel[0] and left < kernel[1]:
        return A.pooling(x, kernel, strides, (top, left))
    return A.pooling(A.pad(x, [(0, 0), (0, 0), *pads], -np.inf), kernel, strides)


def average_pool(x: Variable, kernel: Two, strides: Two, pads: Pads, zeros: Pads | None = None) -> Variable:
    """The mean under each window; ``zeros`` around x count as pixels, ``pads`` do not."""
    if zeros is not None:
        return A.average_pooling(pad(x, zeros), kernel, strides)
    if not any(map(any, pads)):
        return A.average_pooling(x, kernel, strides)
    share = kernel[0] * kernel[1] / tapped((x.shape[2], x.shape[3]), kernel, strides, pads)
    return A.average_pooling(pad(x, pads), kernel, strides) * constant(new_array(share, x.data))


def adaptive_average_pool(x: Variable, size: Two) -> Variable:
    rows, columns = (constant(new_array(shares(n, count), x.data)) for n, count in zip(x.shape[2:], size))
    return A.matmul(A.matmul(rows, x), A.transpose(columns, (1, 0)))


def upsample(x: Variable, size: Two, interpolation: str) -> Variable:
    rows, columns = (
        constant(new_array(between(n, times, interpolation == "bilinear"), x.data))
        for n, times in zip(x.shape[2:], size)
    )
    return A.matmul(A.matmul(rows, x), A.transpose(columns, (1, 0)))


def rows_of(W: Variable, x: Variable) -> Variable:
    return A.embed_id(x, W)


def mean(x: Variable, axes: Sequence[int], keepdims: bool) -> Variable:
    return A.mean(x, tuple(axes), keepdims)


def max(x: Variable, axes: Sequence[int], keepdims: bool) -> Variable:  # noqa: A001
    return A.max(x, tuple(axes), keepdims)


def batch_norm(
    x: Variable, affine: tuple[Variable | None, Variable | None], moving: tuple[Variable, Variable], momentum: float,
    epsilon: float, training: bool, unbiased: bool = False,
) -> Variable:  # fmt: skip
    mean, variance = moving
    gamma, beta = affine
    gamma = constant(module_of(x.data).ones_like(mean.data)) if gamma is None else gamma
    beta = constant(module_of(x.data).zeros(mean.shape, mean.data)) if beta is None else beta
    with using_config("train", training):
        return A.batch_norm(x, gamma, beta, mean, variance, momentum, epsilon, unbiased=unbiased)


def dropout(x: Variable, shape: tuple[int, ...], rate: float, run: Run) -> Variable:
    kept = ((run.random or generator()).random(shape, dtype="float32") >= rate) * np.float32(1 / (1 - rate))
    return x * constant(new_array(kept, x.data))


def generator() -> np.random.Generator:
    """A generator for who was given none: it begins as that of an `AutodiffNetwork` does."""
    return np.random.default_rng(0)


def reshape(x: Variable, shape: tuple[int, ...]) -> Variable:
    return A.reshape(x, tuple(shape))


def to_outside(x: Variable) -> Variable:
    """(N, C, H, W) to (N, H, W, C)."""
    return A.transpose(x, (0, 2, 3, 1))


def to_inside(x: Variable) -> Variable:
    """(N, H, W, C) to (N, C, H, W)."""
    return A.transpose(x, (0, 3, 1, 2))


def warp(x: Variable, matrices: np.ndarray, fill_mode: str) -> Variable:
    """Pictures seen through maps from places in the output to places in x, in pixels from the centre. (N, 2, 3)."""
    N, C, H, W = x.shape
    i, j = np.meshgrid(np.arange(H) + 0.5 - H / 2, np.arange(W) + 0.5 - W / 2, indexing="ij")
    places = np.einsum("nab,bij->naij", matrices, np.stack([j, i, np.ones_like(i)]))
    columns = _folded(places[:, 0] + W / 2 - 0.5, W, fill_mode)
    rows = _folded(places[:, 1] + H / 2 - 0.5, H, fill_mode)
    y: Variable | None = None
    for down in (0, 1):
        for right in (0, 1):
            r, c = np.floor(rows) + down, np.floor(columns) + right
            share = (1 - np.abs(rows - r)) * (1 - np.abs(columns - c)) * ((r >= 0) & (r < H) & (c >= 0) & (c < W))
            picked = (r.clip(0, H - 1).astype(int)[:, None], c.clip(0, W - 1).astype(int)[:, None])
            corner = x[(np.arange(N)[:, None, None, None], np.arange(C)[None, :, None, None], *picked)]
            part = corner * values(share[:, None], x)
            y = part if y is None else y + part
    return cast(Variable, y)


def _folded(places: np.ndarray, n: int, fill_mode: str) -> np.ndarray:
    """Places outside of a row of n pixels brought back into it."""
    if fill_mode == "reflect":
        places = np.abs((places + 0.5 + n) % (2 * n) - n) - 0.5
    return places if fill_mode == "constant" else places.clip(0, n - 1)


def values(array: np.ndarray, x: Variable) -> Variable:
    """Drawn numbers as x has them."""
    return constant(new_array(array, x.data))


def bounded(x: Variable, low: float, high: float) -> Variable:
    return A.clip(x, low, high)


def above(x: Variable, threshold: float) -> Array:
    return x.data >= threshold


def at_most(x: Variable, value: float) -> Variable:
    return A.minimum(as_operand(x), value)


def row(values: float | Sequence[float], x: Variable, run: Run) -> float | Variable:
    """Numbers for the last axis outside, ready to meet x."""
    if isinstance(values, float):
        return values
    found = np.asarray(values, dtype=np.float32)
    return constant(new_array(found.reshape(-1, 1, 1) if x.ndim == 4 and run.channels_last else found, x.data))
