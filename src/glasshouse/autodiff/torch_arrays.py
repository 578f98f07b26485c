"""The array module of torch: what `ArrayModule` asks for, on torch.Tensor, on any device.

No tensor in the engine requires a gradient of torch's, so torch's autograd records nothing here.
"""
# ruff: noqa: A001, A004  (sum, max, min, pow and abs are the names readers know)

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import abs, cos, exp, log, matmul, ones_like, relu, sigmoid, sign, sin, tanh, where, zeros_like
from torch.nn.functional import softplus as _softplus

from .arrays import Array, Axes
from .torch_windows import (
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


_batch_norm_backward = torch.ops.aten.native_batch_norm_backward.default


def accumulate(x: Array, y: Array) -> Array:
    return torch.add(x, y, out=torch.empty_like(x))


def softplus(x: Array) -> Array:
    return _softplus(x, threshold=50.0)


def clip(x: Array, low: float, high: float, /) -> Array:
    return x.clamp(low, high)


def maximum(x: Array, y: Array, /) -> Array:
    return torch.maximum(x, y)


def minimum(x: Array, y: Array, /) -> Array:
    return torch.minimum(x, y)


def array_like(value: Any, like: Array) -> Array:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def astype(x: Array, like: Array) -> Array:
    return x.to(like.dtype)


def copy(x: Array) -> Array:
    return x.clone()


def host(x: Array) -> Any:
    return x.cpu().numpy()


def is_floating(x: Array) -> bool:
    return bool(x.is_floating_point())


def labels_like(labels: Any, like: Array) -> Array:
    return torch.as_tensor(labels, device=like.device).to(torch.int64)


def memory_of(x: Array) -> int | None:
    """Which memory the tensor looks into; None where several places share one number."""
    if 0 in x.stride() and x.numel() > 1:
        return None
    return int(x.untyped_storage().data_ptr())


def scalar_like(value: Any, like: Array) -> Array:
    whole = isinstance(value, bool | int | np.integer | np.bool_)
    dtype = like.dtype if whole or like.is_floating_point() else torch.get_default_dtype()
    if dtype == torch.bool and not isinstance(value, bool | np.bool_):
        dtype = torch.int64
    return torch.tensor(value, dtype=dtype, device=like.device)


def zeros(shape: Sequence[int], like: Array) -> Array:
    return torch.zeros(tuple(shape), dtype=like.dtype, device=like.device)


def broadcast_to(x: Array, shape: tuple[int, ...], /) -> Array:
    return x.expand(shape)


def concatenate(xs: Sequence[Array], axis: int) -> Array:
    return torch.cat(list(xs), dim=axis)


def pad(x: Array, widths: Sequence[tuple[int, int]], value: float) -> Array:
    return torch.nn.functional.pad(x, [n for before_after in reversed(widths) for n in before_after], value=value)


def _index(index: Any, device: torch.device) -> Any:
    if isinstance(index, tuple):
        return tuple(_index(part, device) for part in index)
    return torch.as_tensor(index, device=device) if isinstance(index, list | np.ndarray) else index


def take(x: Array, index: Any) -> Array:
    return x[_index(index, x.device)]


def put(shape: Sequence[int], index: Any, values: Array) -> Array:
    """Zeros of `shape` with `values` added at `index`; places named twice get both."""
    y, index = zeros(shape, values), _index(index, values.device)
    parts = index if isinstance(index, tuple) else (index,)
    if not any(isinstance(part, torch.Tensor) for part in parts):
        y[index] = values
        return y
    places = torch.arange(y.numel(), device=y.device).reshape(y.shape)[index]
    return y.view(-1).index_add_(0, places.reshape(-1), values.reshape(-1)).view(y.shape)


def transpose(x: Array, axes: Sequence[int]) -> Array:
    return x.permute(tuple(axes))


def argmax(x: Array, axis: int) -> Array:
    return x.argmax(dim=axis)


def max(x: Array, axis: Axes, keepdims: bool) -> Array:
    return x.amax(dim=() if axis is None else axis, keepdim=keepdims)


def min(x: Array, axis: Axes, keepdims: bool) -> Array:
    return x.amin(dim=() if axis is None else axis, keepdim=keepdims)


def sum(x: Array, axis: Axes, keepdims: bool) -> Array:
    dtype = x.dtype if x.is_floating_point() else None
    return torch.sum(x, dim=() if axis is None else axis, keepdim=keepdims, dtype=dtype)


def log_softmax(x: Array, axis: int) -> Array:
    return torch.log_softmax(x, dim=axis)


def relu_backward(gy: Array, y: Array) -> Array:
    return torch.ops.aten.threshold_backward.default(gy, y, 0)


def log_softmax_backward(gy: Array, y: Array, axis: int) -> Array:
    return torch.ops.aten._log_softmax_backward_data.default(gy, y, axis, y.dtype)


def softmax(x: Array, axis: int) -> Array:
    return torch.softmax(x, dim=axis)


def linear(x: Array, W: Array, b: Array | None) -> Array:
    if x.dtype != W.dtype:
        x, W = x.to(torch.promote_types(x.dtype, W.dtype)), W.to(torch.promote_types(x.dtype, W.dtype))
    if b is None:
        return x @ W
    return torch.addmm(b, x, W) if b.dtype == x.dtype else x @ W + b


def linear_weight(x: Array, gy: Array, like: Array) -> Array:
    return x.T @ gy if like.is_contiguous() else (gy.T @ x).T  # as W lies in memory, row by row or column by column


def batch_norm(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """y, and the mean, the variance and 1 / σ of each channel."""
    mean, variance, n = zeros(gamma.shape, x), zeros(gamma.shape, x), x.numel() // len(gamma)
    y, _, scale = torch.native_batch_norm(x, gamma, beta, mean, variance, True, 1.0, eps)
    return y, mean, variance.mul_((n - 1) / n), scale


def batch_norm_backward(
    gy: Array, x: Array, gamma: Array, mean: Array, scale: Array, eps: float
) -> tuple[Array, Array, Array]:
    """The gradients in x, gamma and beta."""
    gx, ggamma, gbeta = _batch_norm_backward(gy, x, gamma, None, None, mean, scale, True, eps, [True, True, True])
    return gx, ggamma, gbeta
