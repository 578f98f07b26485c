"""The array module of NumPy: what `ArrayModule` asks for, on numpy.ndarray."""
# ruff: noqa: A001, A004  (sum, max, min, pow and abs are the names readers know)

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import (
    abs,
    broadcast_to,
    clip,
    cos,
    exp,
    log,
    matmul,
    maximum,
    minimum,
    ones_like,
    sign,
    sin,
    tanh,
    where,
    zeros_like,
)  # fmt: skip

from .arrays import Array, Axes
from .memory import keep_freed_memory
from .numpy_windows import (
    average_pool,
    average_pool_spread,
    conv2d,
    conv2d_input,
    conv2d_weight,
    fold,
    max_pool,
    max_pool_gather,
    max_pool_scatter,
    unfold,
)

__all__ = [
    "abs", "accumulate", "argmax", "array_like", "astype", "average_pool", "average_pool_spread", "batch_norm",
    "batch_norm_backward", "broadcast_to", "clip", "concatenate", "conv2d", "conv2d_input", "conv2d_weight", "copy",
    "cos", "exp", "fold", "host", "is_floating", "labels_like", "linear", "linear_weight", "log", "log_softmax",
    "log_softmax_backward", "matmul", "max", "max_pool", "max_pool_gather", "max_pool_scatter", "maximum", "memory_of",
    "min", "minimum", "ones_like", "pad", "put", "relu", "relu_backward", "scalar_like", "sigmoid", "sign", "sin",
    "softmax", "softplus", "sum", "take", "tanh", "transpose", "unfold", "where", "zeros", "zeros_like",
]  # fmt: skip

keep_freed_memory()  # once a process, before the first arrays


def accumulate(x: Array, y: Array) -> Array:
    return x + y


def relu(x: Array) -> Array:
    return np.maximum(x, x.dtype.type(0))


def sigmoid(x: Array) -> Array:
    return np.tanh(x * 0.5) * 0.5 + 0.5  # never overflows


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))  # log(1 + exp(x)), never overflows


def array_like(value: Any, like: Array) -> Array:
    return np.asarray(_to_host(value), dtype=like.dtype)


def astype(x: Array, like: Array) -> Array:
    return x.astype(like.dtype)


def copy(x: Array) -> Array:
    return x.copy()


def host(x: Array) -> Any:
    return x


def is_floating(x: Array) -> bool:
    return bool(x.dtype.kind == "f")


def labels_like(labels: Any, like: Array) -> Array:
    return np.asarray(_to_host(labels)).astype(np.intp, copy=False)


def memory_of(x: Array) -> int | None:
    """Which memory the array looks into; None if it may not be written."""
    if not x.flags.writeable:
        return None
    while isinstance(x.base, np.ndarray):
        x = x.base
    return id(x)


def scalar_like(value: Any, like: Array) -> Array:
    dtype = like.dtype
    if dtype.kind == "f" and not isinstance(value, complex | np.complexfloating):
        return np.asarray(value, dtype=dtype)
    return np.asarray(value, dtype=np.result_type(dtype, value.item() if isinstance(value, np.generic) else value))


def zeros(shape: Sequence[int], like: Array) -> Array:
    return np.zeros(shape, dtype=like.dtype)


def concatenate(xs: Sequence[Array], axis: int) -> Array:
    return np.concatenate(xs, axis=axis)


def pad(x: Array, widths: Sequence[tuple[int, int]], value: float) -> Array:
    return np.pad(x, widths, constant_values=value)


def take(x: Array, index: Any) -> Array:
    return x[index]


def put(shape: Sequence[int], index: Any, values: Array) -> Array:
    """Zeros of `shape` with `values` added at `index`; places named twice get both."""
    y = np.zeros(shape, dtype=values.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
        y[index] = values
    else:
        np.add.at(y, index, values)
    return y


def transpose(x: Array, axes: Sequence[int]) -> Array:
    return x.transpose(axes)


def argmax(x: Array, axis: int) -> Array:
    return x.argmax(axis=axis)


def max(x: Array, axis: Axes, keepdims: bool) -> Array:
    return x.max(axis=axis, keepdims=keepdims)


def min(x: Array, axis: Axes, keepdims: bool) -> Array:
    return x.min(axis=axis, keepdims=keepdims)


def sum(x: Array, axis: Axes, keepdims: bool) -> Array:
    if axis == 0 and x.ndim == 2 and not keepdims and x.dtype.kind == "f":
        return np.ones(len(x), dtype=x.dtype) @ x  # a product with ones is quicker than NumPy's sum over rows
    return x.sum(axis=axis, keepdims=keepdims)


def log_softmax(x: Array, axis: int) -> Array:
    x = x - x.max(axis=axis, keepdims=True)
    x -= np.log(np.exp(x).sum(axis=axis, keepdims=True))
    return x


def relu_backward(gy: Array, y: Array) -> Array:
    return gy * (y > 0)


def log_softmax_backward(gy: Array, y: Array, axis: int) -> Array:
    return gy - np.exp(y) * gy.sum(axis=axis, keepdims=True)


def softmax(x: Array, axis: int) -> Array:
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    y /= y.sum(axis=axis, keepdims=True)
    return y


def linear(x: Array, W: Array, b: Array | None) -> Array:
    y = x @ W
    if b is not None:
        y = y + b if y.dtype != b.dtype else np.add(y, b, out=y)
    return y


def linear_weight(x: Array, gy: Array, like: Array) -> Array:
    return x.T @ gy


def batch_norm(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """y, and the mean, the variance and 1 / σ of each channel."""
    axes, C = (0, 2, 3)[: x.ndim - 1], (1, -1, 1, 1)[: x.ndim]
    share = len(gamma) / x.size
    mean = x.sum(axis=axes) * share
    y = x - mean.reshape(C)
    variance = (y * y).sum(axis=axes) * share
    scale = (variance + eps) ** -0.5
    return y * (scale * gamma).reshape(C) + beta.reshape(C), mean, variance, scale


def batch_norm_backward(
    gy: Array, x: Array, gamma: Array, mean: Array, scale: Array, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients in x, gamma and beta."""
    axes, C = (0, 2, 3)[: x.ndim - 1], (1, -1, 1, 1)[: x.ndim]
    share = len(gamma) / x.size
    y = (x - mean.reshape(C)) * scale.reshape(C)
    ggamma, gbeta = (gy * y).sum(axis=axes), gy.sum(axis=axes)
    gx = gy - (gbeta * share).reshape(C) - y * (ggamma * share).reshape(C)
    return gx * (gamma * scale).reshape(C), ggamma, gbeta


def _to_host(x: Any) -> Any:
    return x.detach().cpu().numpy() if hasattr(x, "detach") else x
