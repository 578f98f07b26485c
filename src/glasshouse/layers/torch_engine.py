"""What layers compute with on torch. x (N, C, H, W), kernels (O, C / groups, KH, KW)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .engine import Run, Two
from .shapes import Pads, tapped

__all__ = [
    "above", "activations", "adaptive_average_pool", "at_most", "average_pool", "batch_norm", "bounded",
    "concatenate", "conv2d", "conv2d_transpose", "dropout", "elu", "generator", "leaky_relu", "linear", "max",
    "max_pool", "maximum", "mean", "pad", "reshape", "row", "rows_of", "to_inside", "to_outside", "upsample", "values",
    "warp", "where",
]  # fmt: skip

activations: dict[str, Callable[..., Tensor]] = {
    "elu": functional.elu,
    "exponential": torch.exp,
    "gelu": functional.gelu,
    "hard_sigmoid": functional.hardsigmoid,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.2),
    "log_softmax": torch.log_softmax,
    "relu": torch.relu,
    "relu6": functional.relu6,
    "selu": functional.selu,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "softmax": torch.softmax,
    "softplus": functional.softplus,
    "softsign": functional.softsign,
    "tanh": torch.tanh,
}
elu = functional.elu
leaky_relu = functional.leaky_relu
maximum = torch.maximum
where = torch.where


def linear(x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
    if x.ndim == 2 and b is not None:
        return torch.addmm(b, x, W)
    y = x @ W
    return y if b is None else y + b


def concatenate(xs: Sequence[Tensor], axis: int) -> Tensor:
    return torch.cat(tuple(xs), axis)


def conv2d(x: Tensor, W: Tensor, b: Tensor | None, strides: Two, pads: Pads, dilation: Two, groups: int) -> Tensor:
    (top, bottom), (left, right) = pads
    if top != bottom or left != right:
        return functional.conv2d(pad(x, pads), W, b, strides, 0, dilation, groups)
    return functional.conv2d(x, W, b, strides, (top, left), dilation, groups)


def conv2d_transpose(x: Tensor, W: Tensor, strides: Two) -> Tensor:
    """x (N, C, H, W), W (C, O, KH, KW) to (N, O, S (H - 1) + KH, S (W - 1) + KW)."""
    return functional.conv_transpose2d(x, W, None, strides)


def pad(x: Tensor, pads: Pads, value: float = 0.0) -> Tensor:
    (top, bottom), (left, right) = pads
    return functional.pad(x, (left, right, top, bottom), value=value)


def max_pool(x: Tensor, kernel: Two, strides: Two, pads: Pads) -> Tensor:
    (top, bottom), (left, right) = pads
    if top == bottom and left == right and 2 * top <= kernel[0] and 2 * left <= kernel[1]:
        return functional.max_pool2d(x, kernel, strides, (top, left))
    return functional.max_pool2d(pad(x, pads, float("-inf")), kernel, strides)


def average_pool(x: Tensor, kernel: Two, strides: Two, pads: Pads, zeros: Pads | None = None) -> Tensor:
    """The mean under each window; ``zeros`` around x count as pixels, ``pads`` do not."""
    if zeros is not None:
        return functional.avg_pool2d(x, kernel, strides, (zeros[0][0], zeros[1][0]))
    if not any(map(any, pads)):
        return functional.avg_pool2d(x, kernel, strides)
    share = kernel[0] * kernel[1] / torch.from_numpy(tapped((x.shape[2], x.shape[3]), kernel, strides, pads))
    return functional.avg_pool2d(pad(x, pads), kernel, strides) * share.to(x)


def adaptive_average_pool(x: Tensor, size: Two) -> Tensor:
    return functional.adaptive_avg_pool2d(x, size)


def upsample(x: Tensor, size: Two, interpolation: str) -> Tensor:
    corners = {"align_corners": False} if interpolation == "bilinear" else {}
    return functional.interpolate(x, scale_factor=(float(size[0]), float(size[1])), mode=interpolation, **corners)


def rows_of(W: Tensor, x: Tensor) -> Tensor:
    return functional.embedding(x.long(), W)


def mean(x: Tensor, axes: Sequence[int], keepdims: bool) -> Tensor:
    return x.mean(tuple(axes), keepdim=keepdims)


def max(x: Tensor, axes: Sequence[int], keepdims: bool) -> Tensor:  # noqa: A001
    return x.amax(tuple(axes), keepdim=keepdims)


def batch_norm(
    x: Tensor, affine: tuple[Tensor | None, Tensor | None], moving: tuple[Tensor, Tensor], momentum: float,
    epsilon: float, training: bool, unbiased: bool = False,
) -> Tensor:  # fmt: skip
    mean, variance = moving
    if not training:
        return functional.batch_norm(x, mean, variance, *affine, False, 0.0, epsilon)
    if unbiased:  # 1 - 0.9 is 0.0999…98; rounded, it is the number that torch is given elsewhere
        return functional.batch_norm(x, mean, variance, *affine, True, round(1 - momentum, 12), epsilon)
    m, v = mean.clone(), variance.clone()  # torch keeps those it is given for the way back
    y = functional.batch_norm(x, m, v, *affine, True, 1 - momentum, epsilon)
    with torch.no_grad():  # torch's variance follows σ² n / (n - 1), Keras' follows σ²
        n = x.numel() // x.shape[1]
        mean.copy_(m)
        variance.mul_(momentum / n).add_(v, alpha=(n - 1) / n)
    return y


def dropout(x: Tensor, shape: tuple[int, ...], rate: float, run: Run) -> Tensor:
    if run.random is None:  # torch's own generator, as torch's modules draw
        return (functional.dropout if shape == x.shape else functional.dropout2d)(x, rate)
    if x.device.type == "cpu":
        kept = torch.from_numpy(run.random.random(shape, dtype="float32") >= rate).to(x.dtype)
    else:
        source = torch.Generator(x.device).manual_seed(int(run.random.integers(2**62)))
        kept = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - rate, generator=source)
    return x * kept.mul_(1 / (1 - rate))


def generator() -> np.random.Generator:
    """A generator of NumPy that begins where torch's own stands."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.reshape(shape)


def to_outside(x: Tensor) -> Tensor:
    """(N, C, H, W) to (N, H, W, C)."""
    return x.permute(0, 2, 3, 1)


def to_inside(x: Tensor) -> Tensor:
    """(N, H, W, C) to (N, C, H, W): a view, which torch knows as the memory format channels_last."""
    return x.permute(0, 3, 1, 2)


def warp(x: Tensor, matrices: np.ndarray, fill_mode: str) -> Tensor:
    """Pictures seen through maps from places in the output to places in x, in pixels from the centre. (N, 2, 3)."""
    H, W = x.shape[2:]
    scale = matrices * [[[1, H / W, 2 / W], [W / H, 1, 2 / H]]]
    grid = functional.affine_grid(torch.from_numpy(scale.astype("float32")).to(x), list(x.shape), align_corners=False)
    edge = {"reflect": "reflection", "nearest": "border", "constant": "zeros"}[fill_mode]
    return functional.grid_sample(x, grid, "bilinear", edge, align_corners=False)


def values(array: np.ndarray, x: Tensor) -> Tensor:
    """Drawn numbers as x has them."""
    return torch.from_numpy(array).to(x)


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    return x.clamp(low, high)


def above(x: Tensor, threshold: float) -> Tensor:
    return x >= threshold


def at_most(x: Tensor, value: float) -> Tensor:
    return x.clamp(max=value)


def row(values: float | Sequence[float], x: Tensor, run: Run) -> float | Tensor:
    """Numbers for the last axis outside, ready to meet x."""
    if isinstance(values, float):
        return values
    found = torch.tensor(values, dtype=x.dtype, device=x.device)
    return found.reshape(-1, 1, 1) if x.ndim == 4 and run.channels_last else found
