"""Other ways to write a classifier, brought to the one that training takes: pictures in, Dense with softmax at the end.

    Dense(10), Softmax()                 Dense(10, activation="softmax")
    Dense(1, activation="sigmoid")       Dense(2, activation="softmax"): p1 = 1 / (1 + exp(z0 - z1))
    Input((28, 28)), Flatten()           Input((28, 28, 1)), Flatten(): the same row of numbers

A network that is written so already is left as it is.
"""

from typing import Any

import numpy as np

from .activations import Activation, ReLU, Softmax
from .architecture import Architecture
from .dense import Dense, Flatten, Reshape
from .description import describe
from .graph import Step, free_name
from .normalization import Dropout, Rescaling

__all__ = ["as_classifier", "two_columns"]


def as_classifier(net: Architecture) -> dict[str, Any] | None:
    """The description of the same classifier in the usual form; None if the network has it, or cannot have it."""
    if len(net.inputs) != 1 or len(net.outputs) != 1:
        return None
    data = describe(net)
    changes = [_joined(net, data), _two_classes(net, data), _pictures(net, data)]
    return data if any(changes) else None


def two_columns(kernel: Any) -> Any:
    """Weights of one sigmoid, (D, 1) or (1,), as those of a softmax over no and yes: (D, 2) or (2,)."""
    return np.concatenate([np.zeros_like(kernel), kernel], -1)


def _entry(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in data["layers"] if entry["name"] == name)
    return found


def _alone(net: Architecture, step: Step) -> bool:
    """Whether a step is a layer of its own, on one row of numbers."""
    return sum(other.weights == step.weights for other in net.steps) == 1 and len(step.input_shapes[0]) == 1


def _joined(net: Architecture, data: dict[str, Any]) -> bool:
    """An activation that is a layer of its own, at the end, becomes that of the dense layer before it."""
    last = net.steps[net.output_steps[0]]
    word = "softmax" if isinstance(last.layer, Softmax) else getattr(last.layer, "activation", None)
    if not isinstance(last.layer, Softmax | Activation) or word not in ("softmax", "sigmoid"):
        return False
    before = net.steps[last.inputs[0]]
    taken = sum(last.inputs[0] in other.inputs for other in net.steps)
    if not isinstance(before.layer, Dense) or before.layer.activation or not _alone(net, before) or taken > 1:
        return False
    data["layers"].remove(_entry(data, last.name))
    _entry(data, before.name)["settings"]["activation"] = word
    data["outputs"] = [before.name]
    return True


def _two_classes(net: Architecture, data: dict[str, Any]) -> bool:
    """One sigmoid, for yes, becomes a softmax over no and yes."""
    last = _entry(data, data["outputs"][0])
    settings = last.get("settings", {})
    if last.get("layer") != "Dense" or settings.get("activation") != "sigmoid" or settings.get("units") != 1:
        return False
    settings |= {"activation": "softmax", "units": 2}
    return True


def _pictures(net: Architecture, data: dict[str, Any]) -> bool:
    """Pictures given as (rows, columns) become pictures of one channel."""
    first = net.steps[0]
    if len(first.engine_shape) != 2:
        return False
    rows, columns = first.engine_shape
    entry = _entry(data, first.name)
    entry["shape"] = [rows, columns, 1] if net.channels_last else [1, rows, columns]
    if not _flattens(net, 0):
        name = free_name(f"{first.name}_rows", {step.name for step in net.steps}, first=2)
        for other in data["layers"]:
            if "inputs" in other:
                other["inputs"] = [name if word == first.name else word for word in other["inputs"]]
        made = {"name": name, "layer": "Reshape", "settings": {"target_shape": [rows, columns]}}
        data["layers"].insert(data["layers"].index(entry) + 1, made | {"inputs": [first.name]})
    return True


def _flattens(net: Architecture, number: int) -> bool:
    """Whether all that takes a step's numbers changes each by itself, until they become a row or another shape."""
    takers = [(n, step) for n, step in enumerate(net.steps) if number in step.inputs]
    return bool(takers) and all(
        isinstance(step.layer, Flatten | Reshape) or (_each_alone(step) and _flattens(net, n)) for n, step in takers
    )


def _each_alone(step: Step) -> bool:
    layer = step.layer
    if isinstance(layer, Rescaling):
        return isinstance(layer.scale, float) and isinstance(layer.offset, float)
    return isinstance(layer, ReLU) or type(layer) is Dropout
