"""Weights of a torch module for the same network: taken in order, turned into Keras' axes, all or none."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from glasshouse.errors import WeightsError
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.dense import Flatten
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import Weight
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.shapes import text

__all__ = ["take_weights"]


def take_weights(net: Architecture, state: Mapping[str, Any]) -> None:
    """Give `net` the arrays of a torch state dictionary, which holds the same layers in the same order.

    Args:
        state: name -> array or tensor; counters of batches are passed over.

    Raises:
        WeightsError: if the number of arrays or a shape does not fit; nothing is changed then.
    """
    arrays = [(key, np.asarray(value)) for key, value in state.items() if not key.endswith("num_batches_tracked")]
    places = [(name, weight) for name, holder in net.holders.items() for weight in holder.weights]
    if len(arrays) != len(places):
        raise WeightsError(
            "{name} holds {places} arrays, but {arrays} were given",
            name=net.name,
            places=len(places),
            arrays=len(arrays),
        )
    steps = {step.name: step for step in net.steps}
    found, problems = {}, []
    for (name, weight), (key, value) in zip(places, arrays):
        turned = _turned(value, weight, _flattened(net, steps[name]))
        if turned is None:
            problems.append(f"{name}/{weight.name} is {text(weight.shape)}, {key} is {text(value.shape)}")
        else:
            found[f"{name}/{weight.name}"] = turned
    if problems:
        told = "\n  ".join(problems[:20])
        raise WeightsError("the weights are those of another network than {name}:\n  {told}", name=net.name, told=told)
    net.set_weights(found)


def _turned(value: Any, weight: Weight, flattened: tuple[int, ...] | None) -> Any:
    """The array in Keras' axes, or None if it does not fit."""
    if weight.layout == "conv" and value.ndim == 4:
        value = value.transpose(2, 3, 1, 0)
    elif weight.layout == "depthwise" and value.ndim == 4:
        KH, KW, C, M = weight.shape
        value = value.reshape(C, M, KH, KW).transpose(2, 3, 0, 1) if value.size == np.prod(weight.shape) else value
    elif value.ndim == 2:
        value = value.T  # (D, K)
        if flattened is not None and len(value) == np.prod(flattened):
            value = value.reshape(*flattened, -1).transpose(1, 2, 0, 3).reshape(value.shape)
    return value if value.shape == weight.shape else None


def _flattened(net: Architecture, step: Step) -> tuple[int, ...] | None:
    """The (C, H, W) that a dense layer gets as a row in the order H, W, C; torch has it in the order C, H, W."""
    while len(step.inputs) == 1:
        step = net.steps[step.inputs[0]]
        if isinstance(step.layer, Flatten):
            shape = step.input_shapes[0]
            return shape if net.channels_last and len(shape) == 3 else None
        if not isinstance(step.layer, Dropout):
            return None
    return None
