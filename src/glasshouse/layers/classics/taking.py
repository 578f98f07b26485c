"""Weights of a torch module for the same network: in the order of its layers, in Keras' axes, all or none."""

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

from .ordering import layer_order

__all__ = ["take_weights"]

# whose published names tell the order of their layers
PUBLISHED = frozenset({
    "AlexNet", "ConvNet4", "Dense128", "EfficientNetLite0", "GoogLeNet", "InceptionV3", "LeNet", "MobileNet",
    "MobileNetV2", "ResNet18", "ResNet34", "ResNet50", "SqueezeNet", "VGG16", "VGG19", "Xception",
})  # fmt: skip
LEAVES = {"running_mean": "mean", "running_var": "variance"}  # torch's words in ours


def take_weights(net: Architecture, state: Mapping[str, Any]) -> None:
    """Give `net` the arrays of a torch state dictionary, which holds the same layers.

    The order of the layers is read from the names, as a file sorted by name has lost it; where the names tell no order
    that fits, the order given holds.

    Args:
        state: name -> array or tensor; counters of batches are passed over.

    Raises:
        WeightsError: if the number of arrays or a shape does not fit; nothing is changed then.
    """
    given = [key for key in state if not key.endswith("num_batches_tracked")]
    by_name = layer_order(given)
    orders = [by_name, given] if net.name in PUBLISHED or given == sorted(given) else [given, by_name]
    told: list[tuple[dict[str, Any], list[str]]] = []
    for order in orders:
        found, problems = _fitted(net, [(key, np.asarray(state[key])) for key in order])
        if not problems:
            net.set_weights(found)
            return
        told.append((found, problems))
    lines = "\n  ".join(max(told, key=lambda one: len(one[0]))[1][:20])
    raise WeightsError("the weights are those of another network than {name}:\n  {told}", name=net.name, told=lines)


def _fitted(net: Architecture, arrays: list[tuple[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """The arrays by the network's names, and what does not fit."""
    places = [(name, weight) for name, holder in net.holders.items() for weight in holder.weights]
    if len(arrays) != len(places):
        raise WeightsError(
            "{name} holds {places} arrays, but {arrays} were given",
            name=net.name,
            places=len(places),
            arrays=len(arrays),
        )
    steps = {step.name: step for step in net.steps}
    found: dict[str, Any] = {}
    problems: list[str] = []
    for (name, weight), (key, value) in zip(places, arrays):
        leaf = key.rpartition(".")[2]
        turned = _turned(value, weight, _flattened(net, steps[name])) if LEAVES.get(leaf, "") in weight.name else None
        if turned is None:
            problems.append(f"{name}/{weight.name} is {text(weight.shape)}, {key} is {text(value.shape)}")
        else:
            found[f"{name}/{weight.name}"] = turned
    return found, problems


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
