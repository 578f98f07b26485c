"""A network of layers as a classifier of pictures: what training asks of it, and how it is fitted to a dataset.

All of it is data: nothing here holds weights or loads torch.
"""

import copy
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from glasshouse.errors import Problem, RecipeError
from glasshouse.messages import Message

from .architecture import Architecture
from .dense import Dense
from .description import build, describe
from .normalization import Rescaling
from .shapes import text, to_layout

__all__ = ["architecture", "classifier_problems", "fitted", "shape_of", "tiny_scale"]

MOST_WEIGHTS = 10**11
DROPOUTS = ("Dropout", "SpatialDropout2D")


def architecture(data: Mapping[str, Any]) -> Architecture:
    """The layers that a description says, without weights; RecipeError with every problem."""
    plan = build(data)
    net = Architecture(plan.inputs, plan.outputs, seed=plan.seed, name=plan.name)
    net.freeze_only(plan.frozen)
    return net


def classifier_problems(data: Mapping[str, Any]) -> list[Problem]:
    """Why a description is no classifier of pictures: each problem under its layer's name; none where it is one."""
    try:
        net = architecture(data)
    except RecipeError as error:
        return list(error.problems)
    return [*_ends(net), *_last(net), *_size(net)]


def fitted(
    data: Mapping[str, Any], *, classes: int, channels: int, width: int, height: int,
    dropout: float | None = None, seed: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The description with the input of a dataset's pictures, an output for each of its classes, and a seed.

    ``dropout`` takes the place of the rates of all dropout layers, where there are any. The names of layers, and so
    the first weights of those that keep their shape, stay as they were.

    Raises:
        RecipeError: the description is no classifier, or its layers do not fit pictures of that size.
    """
    if problems := classifier_problems(data):
        raise RecipeError("the network", problems)
    found: dict[str, Any] = copy.deepcopy(describe(architecture(data)))
    last = found["data_format"] == "channels_last"
    for entry in found["layers"]:
        if entry.get("layer") == "Input":
            entry["shape"] = list(to_layout((channels, height, width), last))
        if entry["name"] == found["outputs"][0]:
            entry["settings"]["units"] = classes
        if entry.get("layer") in DROPOUTS and dropout is not None:
            entry["settings"]["rate"] = dropout
    found["seed"] = found["seed"] if seed is None else seed
    try:
        return describe(architecture(found))
    except RecipeError as error:
        raise RecipeError(
            Message(
                "{found} for pictures of {width}x{height}x{channels}",
                found=found["name"],
                width=width,
                height=height,
                channels=channels,
            ),
            error.problems,
        ) from None


def shape_of(data: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Channels, height, width and classes that a classifier's description says."""
    net = architecture(data)
    C, H, W = net.inputs[0].engine_shape
    return C, H, W, net.outputs[0].engine_shape[-1]


def tiny_scale(data: Mapping[str, Any]) -> str | None:
    """The name of a Rescaling that is meant for bytes (0 to 255), where there is one."""
    for step in architecture(data).steps:
        scales = step.layer.scale if isinstance(step.layer, Rescaling) else 1.0
        if max(map(abs, scales if isinstance(scales, tuple) else (scales,))) <= 1 / 64:
            return step.name
    return None


def _ends(net: Architecture) -> Iterator[Problem]:
    if len(net.inputs) != 1 or len(net.outputs) != 1:
        names = ", ".join(step.name for step in net.steps[: len(net.inputs)])
        yield Problem(
            "outputs" if len(net.inputs) == 1 else "inputs",
            Message(
                "a classifier has one Input and one output, this has inputs {names} and {outputs} outputs",
                names=names,
                outputs=len(net.outputs),
            ),
        )
    for step in net.steps[: len(net.inputs)]:
        shape = step.shape(net.channels_last)
        if len(shape) != 3:
            wanted = "[28, 28, 1]" if net.channels_last else "[1, 28, 28]"
            yield Problem(
                f"{step.name}.shape",
                Message(
                    "expected the shape of a picture, such as {wanted}, got {shape}", wanted=wanted, shape=text(shape)
                ),
            )


def _size(net: Architecture) -> Iterator[Problem]:
    held: dict[str, int] = {}
    for step in net.steps:
        shapes = [weight.shape for weight in step.layer.weights(list(step.input_shapes), net.channels_last)]
        held[step.weights] = sum(prod(shape) for shape in shapes)
    if sum(held.values()) > MOST_WEIGHTS:
        largest = max(held, key=held.__getitem__)
        yield Problem(
            largest,
            Message(
                "the network would have {held} weights, {held2} of them here; at most {MOST_WEIGHTS} can be trained",
                held=f"{sum(held.values()):,}",
                held2=f"{held[largest]:,}",
                MOST_WEIGHTS=f"{MOST_WEIGHTS:,}",
            ),
        )


def _last(net: Architecture) -> Iterator[Problem]:
    """The last layer gives the classes: training takes its softmax into the loss, and fits its units to the data."""
    step = net.steps[net.output_steps[0]]
    layer = step.layer
    if not isinstance(layer, Dense) or layer.activation != "softmax":
        got = type(layer).__name__.removesuffix("Layer")
        got += f'(activation="{layer.activation}")' if isinstance(layer, Dense) else ""
        yield Problem(
            step.name,
            Message(
                'the last layer of a classifier is Dense(classes, activation="softmax"), got '
                "{got}; add one at the end, or set its activation",
                got=got,
            ),
        )
        return
    if len(step.input_shapes[0]) != 1:
        came = text(to_layout(step.input_shapes[0], net.channels_last))
        yield Problem(
            step.name,
            Message(
                "the last layer takes one row of numbers a picture, got {came}; put Flatten or "
                "GlobalAveragePooling2D before it",
                came=came,
            ),
        )
    if sum(other.weights == step.weights for other in net.steps) > 1:
        yield Problem(step.name, "the last layer cannot share its weights with another; give it its own")
    if not net.holders[step.weights].trainable:
        yield Problem(f"{step.name}.frozen", "the last layer must learn, or nothing would; take frozen away")
