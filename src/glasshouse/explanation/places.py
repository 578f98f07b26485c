"""Where one weight stands: its index in Keras' axes, and on the engine."""

from typing import Any

import numpy as np

from glasshouse.errors import InputError
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.layer import Weight

__all__ = ["engine_index", "find_weight", "parse_index"]

Index = tuple[int, ...]


def find_weight(net: Architecture, name: str) -> tuple[str, Weight]:
    """The layer and the weight that ``dense/kernel`` or ``dense.kernel`` names.

    Raises:
        InputError: there is none; those that there are, are reported.
    """
    layer, _, part = name.replace(".", "/").rpartition("/")
    if layer not in net.holders or not net.holders[layer].weights:
        known = ", ".join(n for n, holder in net.holders.items() if holder.weights)
        raise InputError(
            "there is no layer {layer} with weights; there are {known}", layer=repr(layer or name), known=known
        )
    for weight in net.holders[layer].weights:
        if weight.name == part:
            return layer, weight
    known = ", ".join(weight.name for weight in net.holders[layer].weights)
    raise InputError("{layer} has no weights {part}; it has {known}", layer=layer, part=repr(part), known=known)


def parse_index(index: Any, weight: Weight) -> Index:
    """The index as a tuple of whole numbers within the shape; one number is enough for one axis.

    Raises:
        InputError: it does not fit the shape.
    """
    given = (index,) if isinstance(index, int | np.integer) else tuple(index)
    fits = len(given) == len(weight.shape) and all(
        isinstance(i, int | np.integer) and 0 <= i < n for i, n in zip(given, weight.shape)
    )
    if not fits:
        axes = " x ".join(map(str, weight.shape))
        raise InputError(
            "{name} has the shape {axes}; expected {shape} whole numbers from 0 on below these, got {given}",
            name=weight.name,
            axes=axes,
            shape=len(weight.shape),
            given=given,
        )
    return tuple(int(i) for i in given)


def engine_index(index: Index, weight: Weight) -> Index:
    """The same weight as the engine holds it; see `Weight.layout`."""
    if weight.layout == "conv":
        kh, kw, c, o = index
        return o, c, kh, kw
    if weight.layout == "depthwise":
        kh, kw, c, m = index
        return c * weight.shape[3] + m, 0, kh, kw
    return index
