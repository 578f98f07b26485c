"""What each operation of torch is in ONNX: a table from aten's names to functions that write nodes.

A function gets the ``Writer`` and the operation's arguments as torch was given them, and returns the names of what it
wrote, one for each of torch's results (an empty name for one that nobody needs). Source: the ONNX operators, opset 20.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

__all__ = ["OPERATIONS", "SAME", "UnknownOperationError", "Writer"]

Names = tuple[str, ...]


class UnknownOperationError(Exception):
    """There is no way to write this operation; ``str`` of it says which."""


class Writer(Protocol):
    """Where nodes go; ``x``, ``of`` and ``batch`` know the values of the example that is traced."""

    batch: int

    def node(self, op: str, *inputs: str, results: int = 1, **attributes: Any) -> Names: ...
    def of(self, value: Tensor | float | int | bool) -> str: ...
    def whole(self, *values: int, scalar: bool = False) -> str: ...
    def count(self) -> str: ...


Operation = Callable[..., Names]


def _unary(op: str, **attributes: Any) -> Operation:
    return lambda w, x, *_, **__: w.node(op, w.of(x), **attributes)


def _binary(op: str) -> Operation:
    return lambda w, a, b: w.node(op, w.of(a), w.of(b))


def _sum(op: str) -> Operation:
    def write(w: Writer, a: Any, b: Any, *, alpha: float = 1) -> Names:
        right = w.of(b) if alpha == 1 else w.node("Mul", w.of(b), w.of(alpha))[0]
        return w.node(op, w.of(a), right)

    return write


def _clip(w: Writer, x: Tensor, low: float | None = None, high: float | None = None) -> Names:
    ends = [w.of(float(end)) if end is not None else "" for end in (low, high)]
    return w.node("Clip", w.of(x), *ends)


def _hardtanh(w: Writer, x: Tensor, low: float = -1.0, high: float = 1.0) -> Names:
    return _clip(w, x, low, high)


def _silu(w: Writer, x: Tensor) -> Names:
    return w.node("Mul", w.of(x), *w.node("Sigmoid", w.of(x)))


def _rsqrt(w: Writer, x: Tensor) -> Names:
    return w.node("Reciprocal", *w.node("Sqrt", w.of(x)))


def _gelu(w: Writer, x: Tensor, *, approximate: str = "none") -> Names:
    return w.node("Gelu", w.of(x), approximate=approximate)


def _elu(w: Writer, x: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Names:
    if input_scale != 1:
        raise UnknownOperationError("elu")
    if scale == 1:
        return w.node("Elu", w.of(x), alpha=float(alpha))
    return w.node("Selu", w.of(x), alpha=float(alpha), gamma=float(scale))


def _leaky(w: Writer, x: Tensor, slope: float = 0.01) -> Names:
    return w.node("LeakyRelu", w.of(x), alpha=float(slope))


def _convolution(w: Writer, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int],
                 padding: Sequence[int], dilation: Sequence[int], transposed: bool, extra: Sequence[int],
                 groups: int) -> Names:  # fmt: skip
    if x.ndim != 4:
        raise UnknownOperationError("convolution")
    inputs = [w.of(x), w.of(weight), *([w.of(bias)] if bias is not None else [])]
    if transposed:
        return w.node(
            "ConvTranspose",
            *inputs,
            strides=list(stride),
            pads=[*padding, *padding],
            group=groups,
            dilations=list(dilation),
            output_padding=list(extra),
            kernel_shape=list(weight.shape[2:]),
        )
    return w.node("Conv", *inputs, strides=list(stride), pads=[*padding, *padding], dilations=list(dilation),
                  group=groups, kernel_shape=list(weight.shape[2:]))  # fmt: skip


def _pad(w: Writer, x: Tensor, pads: Sequence[int], value: float = 0.0) -> Names:
    """Torch pads from the last axis back, (begin, end) each; ONNX all begins, then all ends."""
    pairs = [(0, 0)] * (x.ndim - len(pads) // 2) + [(pads[i], pads[i + 1]) for i in range(len(pads) - 2, -1, -2)]
    return w.node("Pad", w.of(x), w.whole(*(a for a, _ in pairs), *(b for _, b in pairs)), w.of(float(value)))


def _batch_norm(w: Writer, x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, variance: Tensor,
                *rest: Any) -> Names:  # fmt: skip
    like = [torch.ones_like(mean) if weight is None else weight, torch.zeros_like(mean) if bias is None else bias]
    found = w.node("BatchNormalization", w.of(x), *map(w.of, (*like, mean, variance)), epsilon=float(rest[-1]))
    return found[0], "", ""


def _layer_norm(w: Writer, x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None,
                epsilon: float) -> Names:  # fmt: skip
    scale = torch.ones(tuple(shape)) if weight is None else weight
    inputs = [w.of(x), w.of(scale), *([w.of(bias)] if bias is not None else [])]
    return (*w.node("LayerNormalization", *inputs, axis=-len(shape), epsilon=float(epsilon)), "", "")


def _nearest(w: Writer, x: Tensor, size: Sequence[int] | None, *_: Any) -> Names:
    return _resized(w, x, size, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")


def _bilinear(w: Writer, x: Tensor, size: Sequence[int] | None, corners: bool, *_: Any) -> Names:
    if corners:
        raise UnknownOperationError("upsample_bilinear2d")
    return _resized(w, x, size, mode="linear", coordinate_transformation_mode="half_pixel")


def _resized(w: Writer, x: Tensor, size: Any, **attributes: Any) -> Names:
    """A picture some whole times as large."""
    if size is None or len(size) != 2 or any(new % old for new, old in zip(size, x.shape[2:], strict=True)):
        raise UnknownOperationError("upsample")
    scales = torch.tensor([1.0, 1.0, *(new / old for new, old in zip(size, x.shape[2:], strict=True))])
    return w.node("Resize", w.of(x), "", w.of(scales), **attributes)


def _max_pool(w: Writer, x: Tensor, kernel: Sequence[int], stride: Sequence[int] = (), padding: Sequence[int] = (0,),
              dilation: Sequence[int] = (1,), ceil: bool = False) -> Names:  # fmt: skip
    k, p, d = _two(kernel), _two(padding), _two(dilation)
    found = w.node("MaxPool", w.of(x), kernel_shape=k, strides=_two(stride or k), pads=p + p, dilations=d,
                   ceil_mode=int(ceil))  # fmt: skip
    return found[0], ""


def _average_pool(w: Writer, x: Tensor, kernel: Sequence[int], stride: Sequence[int] = (),
                  padding: Sequence[int] = (0,), ceil: bool = False, padded: bool = True,
                  divisor: int | None = None) -> Names:  # fmt: skip
    if divisor is not None:
        raise UnknownOperationError("avg_pool2d")
    k, p = _two(kernel), _two(padding)
    return w.node("AveragePool", w.of(x), kernel_shape=k, strides=_two(stride or k), pads=p + p, ceil_mode=int(ceil),
                  count_include_pad=int(padded))  # fmt: skip


def _adaptive(w: Writer, x: Tensor, size: Sequence[int]) -> Names:
    sides = x.shape[2:]
    if any(side % new for side, new in zip(sides, size, strict=True)):
        raise UnknownOperationError("adaptive_avg_pool2d")
    k = [side // new for side, new in zip(sides, size, strict=True)]
    return w.node("AveragePool", w.of(x), kernel_shape=k, strides=k)


def _mean(w: Writer, x: Tensor, axes: Sequence[int] | None = None, keep: bool = False, *, dtype: Any = None) -> Names:
    all_axes = sorted(axis % x.ndim for axis in (axes or range(x.ndim)))
    if x.ndim == 4 and all_axes == [2, 3]:
        pooled = w.node("GlobalAveragePool", w.of(x))
        return pooled if keep else w.node("Flatten", *pooled)
    return w.node("ReduceMean", w.of(x), w.whole(*all_axes), keepdims=int(keep))


def _reduced(op: str) -> Operation:
    def write(w: Writer, x: Tensor, axes: Sequence[int] = (), keep: bool = False, *, dtype: Any = None) -> Names:
        return w.node(op, w.of(x), w.whole(*(axes or range(x.ndim))), keepdims=int(keep))

    return write


def _reshape(w: Writer, x: Tensor, shape: Sequence[int]) -> Names:
    """The first axis, which the batch goes into, is left to ONNX; the others are numbers."""
    sizes = list(x.reshape(tuple(shape)).shape)
    if not sizes or sizes[0] % w.batch or any(size == 0 for size in sizes):
        raise UnknownOperationError("reshape")
    return w.node("Reshape", w.of(x), w.whole(-1, *sizes[1:]))


def _transpose(w: Writer, x: Tensor, first: int, second: int) -> Names:
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return w.node("Transpose", w.of(x), perm=order)


def _permute(w: Writer, x: Tensor, order: Sequence[int]) -> Names:
    return w.node("Transpose", w.of(x), perm=[axis % x.ndim for axis in order])


def _expand(w: Writer, x: Tensor, shape: Sequence[int], *, implicit: bool = False) -> Names:
    if tuple(x.expand(tuple(shape)).shape) == tuple(x.shape):
        return (w.of(x),)
    sizes = [1 if size == -1 or (axis == 0 and size == w.batch) else size for axis, size in enumerate(shape)]
    if shape[0] != w.batch or x.shape[0] == w.batch:
        return w.node("Expand", w.of(x), w.whole(*sizes))
    return w.node("Expand", w.of(x), *w.node("Concat", w.count(), w.whole(*sizes[1:]), axis=0))


def _slice(w: Writer, x: Tensor, axis: int = 0, start: int | None = None, end: int | None = None,
           step: int = 1) -> Names:  # fmt: skip
    if axis % x.ndim == 0 and start in (None, 0) and step == 1 and (end is None or end >= w.batch):
        return (w.of(x),)
    last = 2**31 - 1 if end is None else min(end, 2**31 - 1)
    return w.node("Slice", w.of(x), w.whole(start or 0), w.whole(last), w.whole(axis % x.ndim), w.whole(step))


def _select(w: Writer, x: Tensor, axis: int, index: int) -> Names:
    return w.node("Gather", w.of(x), w.whole(index, scalar=True), axis=axis % x.ndim)


def _unbind(w: Writer, x: Tensor, axis: int = 0) -> Names:
    return tuple(_select(w, x, axis, index)[0] for index in range(x.shape[axis]))


def _split(w: Writer, x: Tensor, size: int | Sequence[int], axis: int = 0) -> Names:
    length = x.shape[axis]
    sizes = [min(size, length - at) for at in range(0, length, size)] if isinstance(size, int) else list(size)
    return w.node("Split", w.of(x), w.whole(*sizes), results=len(sizes), axis=axis % x.ndim)


def _unsqueeze(w: Writer, x: Tensor, axis: int) -> Names:
    return w.node("Unsqueeze", w.of(x), w.whole(axis % (x.ndim + 1)))


def _squeeze(w: Writer, x: Tensor, axes: int | Sequence[int]) -> Names:
    chosen = [axes] if isinstance(axes, int) else axes
    return w.node("Squeeze", w.of(x), w.whole(*(axis % x.ndim for axis in chosen if x.shape[axis] == 1)))


def _cat(w: Writer, xs: Sequence[Tensor], axis: int = 0) -> Names:
    return w.node("Concat", *map(w.of, xs), axis=axis % xs[0].ndim)


def _addmm(w: Writer, b: Tensor, x: Tensor, weight: Tensor, *, beta: float = 1, alpha: float = 1) -> Names:
    return w.node("Gemm", w.of(x), w.of(weight), w.of(b), alpha=float(alpha), beta=float(beta))


def _softmax(op: str) -> Operation:
    return lambda w, x, axis, *_: w.node(op, w.of(x), axis=axis % x.ndim)


def _attention(w: Writer, q: Tensor, k: Tensor, v: Tensor, dropout: float = 0.0, causal: bool = False, *,
               attn_mask: Tensor | None = None, scale: float | None = None) -> Names:  # fmt: skip
    """softmax(q·kᵀ·scale + mask)·v for q, k, v (N, heads, length, d)."""
    if causal:
        raise UnknownOperationError("attention")
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    turned = w.node("Transpose", w.of(k), perm=[0, 1, 3, 2])
    scores = w.node("MatMul", *w.node("Mul", w.of(q), w.of(float(factor))), *turned)
    if attn_mask is not None:
        scores = w.node("Add", *scores, w.of(attn_mask))
    return (*w.node("MatMul", *w.node("Softmax", *scores, axis=-1), w.of(v)), "")


def _as_strided(w: Writer, x: Tensor, size: Sequence[int], stride: Sequence[int], *rest: Any) -> Names:
    """Only of a pooled map of one pixel, which torch lays out anew: every number stays where it was."""
    if tuple(size) != tuple(x.shape) or tuple(size[2:]) != (1, 1) or list(stride[:2]) != [size[1], 1] or any(rest):
        raise UnknownOperationError("as_strided")
    return (w.of(x),)


def _where(w: Writer, chosen: Tensor, a: Tensor, b: Tensor) -> Names:
    return w.node("Where", w.of(chosen), w.of(a), w.of(b))


def _two(values: Sequence[int]) -> list[int]:
    return list(values) * 2 if len(values) == 1 else list(values)


SAME = frozenset(["clone", "contiguous", "detach", "alias", "lift_fresh", "lift_fresh_copy", "positive"])
OPERATIONS: dict[str, Operation] = {
    "_adaptive_avg_pool2d": _adaptive,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "_safe_softmax": _softmax("Softmax"),
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_softmax": _softmax("Softmax"),
    "_log_softmax": _softmax("LogSoftmax"),
    "_unsafe_view": _reshape,
    "abs": _unary("Abs"),
    "add": _sum("Add"),
    "addmm": _addmm,
    "amax": _reduced("ReduceMax"),
    "as_strided": _as_strided,
    "avg_pool2d": _average_pool,
    "bmm": _binary("MatMul"),
    "cat": _cat,
    "clamp": _clip,
    "constant_pad_nd": _pad,
    "convolution": _convolution,
    "div": _binary("Div"),
    "elu": _elu,
    "exp": _unary("Exp"),
    "expand": _expand,
    "gelu": _gelu,
    "hardsigmoid": _unary("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hardswish": _unary("HardSwish"),
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky,
    "maximum": _binary("Max"),
    "max_pool2d_with_indices": _max_pool,
    "mean": _mean,
    "minimum": _binary("Min"),
    "mm": _binary("MatMul"),
    "mul": _binary("Mul"),
    "native_batch_norm": lambda w, x, g, b, m, v, training, *rest: _batch_norm(w, x, g, b, m, v, *rest),
    "native_layer_norm": _layer_norm,
    "neg": _unary("Neg"),
    "permute": _permute,
    "pow": _binary("Pow"),
    "relu": _unary("Relu"),
    "rsqrt": _rsqrt,
    "select": _select,
    "sigmoid": _unary("Sigmoid"),
    "silu": _silu,
    "slice": _slice,
    "softplus": _unary("Softplus"),
    "split": _split,
    "split_with_sizes": _split,
    "sqrt": _unary("Sqrt"),
    "squeeze": _squeeze,
    "sub": _sum("Sub"),
    "sum": _reduced("ReduceSum"),
    "t": lambda w, x: _transpose(w, x, 0, 1),
    "tanh": _unary("Tanh"),
    "transpose": _transpose,
    "unbind": _unbind,
    "unsqueeze": _unsqueeze,
    "upsample_bilinear2d": _bilinear,
    "upsample_nearest2d": _nearest,
    "view": _reshape,
    "where": _where,
}
