"""What of the picture each number of a network can see: arithmetic over stride, kernel, padding and dilation.

The network computes one picture while every call of torch is watched. Each tensor with rows and columns gets an
interval of the input's rows for its row i, ``i * stride + first .. i * stride + last``, and one of columns. Where
branches meet, it is the union. What mixes all places (a global mean, a dense layer, attention) sees the whole picture.

Source: Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill 2019.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from glasshouse.explanation.layers.boxes import Axis
from glasshouse.explanation.layers.watching import Call, watching

__all__ = ["WHOLE", "Field", "traced_fields"]


@dataclass(frozen=True)
class Field:
    """What a tensor's places see, along rows and columns; without axes each place sees the whole picture."""

    rows: Axis | None = None
    columns: Axis | None = None

    def __or__(self, other: "Field") -> "Field":
        """What both see together; the whole picture where they do not move alike."""
        a, b = (self.rows, self.columns), (other.rows, other.columns)
        if any(one is None for one in (*a, *b)):
            return WHOLE
        pairs = [(x, y) for x, y in zip(a, b) if x is not None and y is not None]
        if any((x.dim, x.stride) != (y.dim, y.stride) for x, y in pairs):
            return WHOLE
        rows, columns = (replace(x, first=min(x.first, y.first), last=max(x.last, y.last)) for x, y in pairs)
        return Field(rows, columns)

    def moved(self, rows: int, columns: int) -> "Field":
        """The same in a tensor whose rows and columns are these dimensions."""
        if self.rows is None or self.columns is None:
            return WHOLE
        return Field(replace(self.rows, dim=rows), replace(self.columns, dim=columns))


WHOLE = Field()
Rule = Callable[[Field, Tensor, Tensor, Sequence[Any], Mapping[str, Any]], Field]


def traced_fields(network: nn.Module, x: Tensor) -> dict[str, Field]:
    """Return what each place of every layer's output sees of a picture x (1, C, H, W), by the layer's name."""
    found: dict[str, Field] = {}
    tracing = _Tracing(x)
    with watching(network, lambda call: _note(call, tracing, found)), torch.no_grad(), tracing:
        network(x)
    return found


def _note(call: Call, tracing: "_Tracing", found: dict[str, Field]) -> None:
    found[call.name] = tracing.field(call.output) or WHOLE


class _Tracing(TorchFunctionMode):
    """Keeps the field of every tensor that comes from the picture."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self._fields: dict[int, tuple[Tensor, Field]] = {}
        self.keep(x, Field(Axis(2), Axis(3)))

    def keep(self, tensor: Tensor, field: Field) -> None:
        """Note a field; the tensor is held, so that its number stays its own."""
        self._fields[id(tensor)] = (tensor, field)

    def field(self, tensor: Any) -> Field | None:
        """The field of a tensor; None if it does not come from the picture."""
        known = self._fields.get(id(tensor))
        return None if known is None else known[1]

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Compute, and note the field of what comes out."""
        words = kwargs or {}
        befores = [(t, f) for t in _tensors([*args, *words.values()]) if (f := self.field(t)) is not None]
        result = func(*args, **words)
        if befores:
            name = getattr(func, "__name__", "")
            for number, one in enumerate(_tensors([result])):
                self.keep(one, _field_of(name, befores, one, args, words, number))
        return result


def _field_of(
    name: str, befores: Sequence[tuple[Tensor, Field]], after: Tensor, args: Sequence[Any], words: Mapping[str, Any],
    number: int,
) -> Field:  # fmt: skip
    if any(field.rows is None for _, field in befores):
        return WHOLE
    x, field = befores[0]
    if name in _JOINED and name in RULES:
        parts = [RULES[name](field, x, after, args, words) for x, field in befores]
    elif name in RULES and len(befores) == 1 and (number == 0 or name in _PARTED):
        parts = [RULES[name](field, x, after, args, words)]
    elif name.strip("_") in ELEMENTWISE:
        parts = [field if _same_place(x, after, field) else WHOLE for x, field in befores]
    else:
        return WHOLE
    found = parts[0]
    for one in parts[1:]:
        found = found | one
    return found


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(value)


def _same_place(x: Tensor, y: Tensor, field: Field) -> bool:
    """Whether rows and columns of x lie in y where they were."""
    axes = [axis for axis in (field.rows, field.columns) if axis is not None]
    return x.ndim == y.ndim and all(x.shape[axis.dim] == y.shape[axis.dim] for axis in axes)


def _pair(value: Any) -> tuple[int, int]:
    values = tuple(value) if isinstance(value, tuple | list) else (value, value)
    return (int(values[0]), int(values[-1]))


def _value(args: Sequence[Any], words: Mapping[str, Any], place: int, name: str, usual: Any) -> Any:
    found = args[place] if len(args) > place else words.get(name, usual)
    return usual if found is None else found


def _windows(
    field: Field, kernel: tuple[int, int], stride: tuple[int, int], before: tuple[int, int], dilation: tuple[int, int]
) -> Field:
    if field.rows is None or field.columns is None:
        return WHOLE
    axes = (field.rows, field.columns)
    return Field(*(axis.window(k, s, p, d) for axis, k, s, p, d in zip(axes, kernel, stride, before, dilation)))


def _convolved(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    weight = _value(args, words, 1, "weight", None)
    kernel = (int(weight.shape[-2]), int(weight.shape[-1]))
    stride, dilation = _pair(_value(args, words, 3, "stride", 1)), _pair(_value(args, words, 5, "dilation", 1))
    padding = _value(args, words, 4, "padding", 0)
    if padding == "same":
        padding = tuple((k - 1) * d // 2 for k, d in zip(kernel, dilation))
    return _windows(field, kernel, stride, _pair(0 if padding == "valid" else padding), dilation)


def _pooled(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    kernel = _pair(_value(args, words, 1, "kernel_size", 1))
    stride = _value(args, words, 2, "stride", kernel)
    stride = _pair(stride if stride != [] else kernel)
    return _windows(field, kernel, stride, _pair(_value(args, words, 3, "padding", 0)), (1, 1))


def _max_pooled(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    if _pair(_value(args, words, 4, "dilation", 1)) != (1, 1):
        return WHOLE
    return _pooled(field, x, y, args, words)


def _padded(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    pads = list(_value(args, words, 1, "pad", ()))
    before = {x.ndim - 1 - number // 2: int(pads[number]) for number in range(0, len(pads), 2)}
    if field.rows is None or field.columns is None:
        return WHOLE
    pair = (before.get(field.rows.dim, 0), before.get(field.columns.dim, 0))
    return _windows(field, (1, 1), (1, 1), pair, (1, 1))


def _adapted(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    return field if _same_place(x, y, field) else WHOLE


def _permuted(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    order = args[1] if len(args) > 1 and isinstance(args[1], tuple | list) else args[1:] or words.get("dims", ())
    places = [int(one) % x.ndim for one in order]
    if field.rows is None or field.columns is None or sorted(places) != list(range(x.ndim)):
        return WHOLE
    return field.moved(places.index(field.rows.dim), places.index(field.columns.dim))


def _transposed(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    order = list(range(x.ndim))
    one, other = (int(_value(args, words, n, f"dim{n - 1}", 0)) % x.ndim for n in (1, 2))
    order[one], order[other] = order[other], order[one]
    return _permuted(field, x, y, (x, order), {})


def _viewed(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    """Rows and columns that were last stay last: only what is before them was rearranged."""
    last = field.rows is not None and field.columns is not None and (field.rows.dim, field.columns.dim) == (
        x.ndim - 2, x.ndim - 1)  # fmt: skip
    if last and y.ndim >= 3 and x.shape[-2:] == y.shape[-2:]:
        return field.moved(y.ndim - 2, y.ndim - 1)
    return WHOLE


def _unsqueezed(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    if field.rows is None or field.columns is None:
        return WHOLE
    at = int(_value(args, words, 1, "dim", 0)) % y.ndim
    return field.moved(*(axis.dim + (axis.dim >= at) for axis in (field.rows, field.columns)))


def _indexed(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    """One channel, or some of them; whatever touches rows or columns is not followed."""
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    axes = [axis for axis in (field.rows, field.columns) if axis is not None]
    if len(axes) < 2 or not all(isinstance(one, int | slice) for one in index) or len(index) > x.ndim:
        return WHOLE
    for axis in axes:
        if len(index) > axis.dim and index[axis.dim] != slice(None):
            return WHOLE
    gone = [number for number, one in enumerate(index) if isinstance(one, int)]
    return field.moved(*(axis.dim - sum(number < axis.dim for number in gone) for axis in axes))


def _along_channels(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    """Parts put together, or taken apart, along another dimension than rows and columns."""
    return field if _same_place(x, y, field) else WHOLE


def _last_mixed(field: Field, x: Tensor, y: Tensor, args: Sequence[Any], words: Mapping[str, Any]) -> Field:
    """A dense layer or a norm over the last dimension."""
    dims = 1 if len(args) < 2 or isinstance(args[1], Tensor) else len(tuple(args[1]))
    axes = [axis for axis in (field.rows, field.columns) if axis is not None]
    return field if all(axis.dim < x.ndim - dims for axis in axes) else WHOLE


RULES: Mapping[str, Rule] = {
    "adaptive_avg_pool2d": _adapted, "adaptive_max_pool2d": _adapted, "interpolate": _adapted,
    "avg_pool2d": _pooled, "max_pool2d": _max_pooled, "max_pool2d_with_indices": _max_pooled,
    "cat": _along_channels, "concat": _along_channels, "chunk": _along_channels, "split": _along_channels,
    "tensor_split": _along_channels, "split_with_sizes": _along_channels,
    "conv2d": _convolved, "pad": _padded, "permute": _permuted, "transpose": _transposed,
    "view": _viewed, "reshape": _viewed, "flatten": _viewed, "unsqueeze": _unsqueezed, "__getitem__": _indexed,
    "linear": _last_mixed, "layer_norm": _last_mixed,
}  # fmt: skip
_JOINED = ("cat", "concat")
_PARTED = ("chunk", "split", "tensor_split", "split_with_sizes")
ELEMENTWISE = frozenset(
    {
        "add", "sub", "mul", "div", "iadd", "isub", "imul", "itruediv", "radd", "rsub", "rmul", "truediv", "maximum",
        "minimum", "neg", "pow", "exp", "sqrt", "relu", "relu6", "hardtanh", "threshold", "silu", "gelu", "hardswish",
        "hardsigmoid", "sigmoid", "tanh", "mish", "elu", "celu", "selu", "leaky_relu", "prelu", "softplus", "softsign",
        "clamp", "clip", "clamp_min", "dropout", "dropout2d", "feature_dropout", "alpha_dropout", "batch_norm",
        "contiguous", "clone", "detach", "to", "float", "double", "type_as", "where",
    }
)  # fmt: skip
