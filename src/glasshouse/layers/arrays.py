"""Arrays that are given become tensors; what does not fit is reported with the shape that was expected."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from glasshouse.errors import NetworkError

from .architecture import Architecture
from .losses import Loss
from .shapes import text

__all__ = ["inputs_of", "targets_of"]


def inputs_of(net: Architecture, x: Any) -> list[Tensor]:
    """One tensor for each input; a missing axis of length 1 at the end is added, as Keras does."""
    given = list(x) if len(net.inputs) > 1 else [x]
    if len(given) != len(net.inputs):
        raise NetworkError(
            "{name} has {inputs} inputs, got {given} arrays", name=net.name, inputs=len(net.inputs), given=len(given)
        )
    found = [_input(net, tensor(part, "x"), symbol.shape[1:]) for part, symbol in zip(given, net.inputs)]
    if len({len(part) for part in found}) != 1:
        raise NetworkError(
            "the inputs have different lengths: {found}", found=", ".join(str(len(part)) for part in found)
        )
    return found


def _input(net: Architecture, x: Tensor, want: Any) -> Tensor:
    channel = -1 if net.channels_last else 0
    if x.ndim == len(want) and want[channel] == 1 and tuple(x.shape) != tuple(want):
        x = x.unsqueeze(-1 if net.channels_last else 1)
    if tuple(x.shape[1:]) != tuple(want):
        got = text(tuple(x.shape))
        hint = ""
        if len(want) == 3 and x.ndim == 4 and sorted(x.shape[1:]) == sorted(want):
            hint = "; is it data_format=" + ("channels_first" if net.channels_last else "channels_last") + "?"
        raise NetworkError(
            "{name} takes arrays N x {want}, got {got}{hint}", name=net.name, want=text(want), got=got, hint=hint
        )
    return x


def targets_of(net: Architecture, y: Any, loss: Loss) -> Tensor:
    """Targets as the loss wants them: whole numbers for a sparse one, else floats in the shape of the output."""
    y, shape = tensor(y, "y"), tuple(n or 1 for n in net.output_shape[1:])
    if not loss.sparse:
        if y.ndim == len(shape) and shape[-1] == 1:
            y = y.unsqueeze(-1)
        if tuple(y.shape[1:]) != shape:
            hint = ""
            if "categorical" in loss.name and y.ndim == 1:
                hint = '; for whole-number labels take loss="sparse_categorical_crossentropy"'
            raise NetworkError(
                "{name} needs targets N x {shape}, got {shape2}{hint}",
                name=loss.name,
                shape=text(shape),
                shape2=text(tuple(y.shape)),
                hint=hint,
            )
        floats: Tensor = y.to(torch.float32)
        return floats
    if y.ndim == len(shape) + 1 and y.shape[-1] == 1:
        y = y.squeeze(-1)
    if tuple(y.shape[1:]) != shape[:-1]:
        hint = '; for one-hot rows take loss="categorical_crossentropy"' if y.shape[-1:] == shape[-1:] else ""
        raise NetworkError(
            "{name} needs one whole number a sample, got targets of {shape}{hint}",
            name=loss.name,
            shape=text(tuple(y.shape)),
            hint=hint,
        )
    labels: Tensor = y.to(torch.int64)
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < shape[-1]:
        low, high = int(labels.min()), int(labels.max())
        raise NetworkError(
            "labels run from {low} to {high}, but {name} has {shape} outputs",
            low=low,
            high=high,
            name=net.steps[-1].name,
            shape=shape[-1],
        )
    return labels


def tensor(array: Any, what: str) -> Tensor:
    """A tensor of any array; no copy if none is needed."""
    if isinstance(array, Tensor):
        return array.detach()
    values = np.asarray(array)
    if values.dtype.kind not in "biuf" or values.ndim == 0:
        raise NetworkError(
            "{what} is no array of numbers but {kind} of {dtype}",
            what=what,
            kind=type(array).__name__,
            dtype=values.dtype,
        )
    if values.dtype in (np.uint16, np.uint32, np.uint64):
        values = values.astype(np.int64)
    return torch.from_numpy(np.ascontiguousarray(values) if values.flags.writeable else values.copy())
