"""A network of layers as a classifier of pictures: checked once, then fitted to the pictures and classes at hand.

    layers = Classifier.of(recipe_layers)                                             at the door: RecipeError or right
    layers.fitted(classes=10, channels=1, width=28, height=28).starting(seed=42)      what is trained

All of it is data: nothing here holds weights or loads torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from glasshouse.errors import NetworkError, Problem, RecipeError
from glasshouse.messages import Message

from .architecture import Architecture
from .dense import Dense
from .description import Plan, Site, build, check_shared, describe
from .graph import Input, Step
from .layer import InputLayer, Layer
from .normalization import Dropout, Rescaling
from .rewriting import as_classifier
from .shapes import text, to_layout

__all__ = ["Classifier", "classifier_problems"]

MOST_WEIGHTS = 10**11


@dataclass(frozen=True, eq=False)
class Classifier:
    """Layers that are known to classify pictures. Reading a description is done here, once; all else is handed on."""

    plan: Plan

    @classmethod
    def of(cls, data: Mapping[str, object]) -> "Classifier":
        """The classifier that a description says; one that ends in a sigmoid or in Softmax is rewritten.

        Raises:
            RecipeError: it is none; every problem is reported under its layer's name.
        """
        found = cls(build(data))
        if (usual := as_classifier(found.net)) is not None:
            found = cls(build(usual))
        if problems := found.problems():
            raise RecipeError("the network", problems)
        return found

    @cached_property
    def net(self) -> Architecture:
        """The layers with their shapes, to look at: what computes is ``plan.architecture()``, which holds weights."""
        return self.plan.architecture()

    @cached_property
    def description(self) -> dict[str, Any]:
        """The layers as data that JSON can hold."""
        return describe(self.net)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        C, H, W = self.net.inputs[0].engine_shape
        return C, H, W

    @property
    def classes(self) -> int:
        """K, how many outputs the last layer has."""
        return self.net.outputs[0].engine_shape[-1]

    @property
    def head(self) -> Step:
        """The last layer, whose softmax belongs to the loss."""
        return self.net.steps[-1]

    @property
    def drops(self) -> bool:
        """Whether there is a dropout layer."""
        return any(isinstance(step.layer, Dropout) for step in self.net.steps)

    @property
    def tiny_scale(self) -> str | None:
        """The name of a Rescaling that is meant for bytes (0 to 255), if there is one."""
        for step in self.net.steps:
            scales = step.layer.scale if isinstance(step.layer, Rescaling) else 1.0
            if max(map(abs, scales if isinstance(scales, tuple) else (scales,))) <= 1 / 64:
                return step.name
        return None

    def problems(self) -> list[Problem]:
        """What hinders these layers from classifying pictures."""
        return [*_ends(self.net), *_last(self.net), *_size(self.net), *_penalties(self.net)]

    def starting(self, seed: int, dropout: float | None = None) -> "Classifier":
        """The same layers with first weights of ``seed``.

        ``dropout`` takes the place of the rates of all dropout layers; if there are none, the last layer is to drop.
        """
        found = self if dropout is None or not self.drops else self._changed(self.shape, self.classes, dropout)
        return Classifier(replace(found.plan, seed=seed))

    def fitted(self, *, classes: int, channels: int, width: int, height: int) -> "Classifier":
        """The layers with the input of a dataset's pictures and an output for each of its classes.

        The names of layers, and so the first weights of those that keep their shape, stay as they were.

        Raises:
            RecipeError: the layers do not fit pictures of that size.
        """
        return self._changed((channels, height, width), classes, None)

    def _changed(self, shape: tuple[int, int, int], classes: int, dropout: float | None) -> "Classifier":
        net = self.net
        site = Site("channels_last" if net.channels_last else "channels_first")
        for number, step in enumerate(net.steps):
            if isinstance(step.layer, InputLayer):
                _put_input(site, step, shape)
                continue
            if step.weights == step.name:
                _put_layer(site, step, _changes(step.layer, classes if number in net.output_steps else None, dropout))
            _connect(site, step, [net.steps[i].name for i in step.inputs])
        if site.problems:
            channels, height, width = shape
            raise RecipeError(
                Message(
                    "{name} for pictures of {width}x{height}x{channels}",
                    name=net.name,
                    width=width,
                    height=height,
                    channels=channels,
                ),
                site.problems,
            )
        outputs = [symbol for i in net.output_steps if (symbol := site.symbols[net.steps[i].name]) is not None]
        return Classifier(replace(self.plan, inputs=site.inputs, outputs=outputs))

    def __deepcopy__(self, memo: dict[int, object]) -> "Classifier":
        """Itself: it never changes, and a chain of a thousand Symbols is too deep to copy."""
        return self


def classifier_problems(data: Mapping[str, object]) -> list[Problem]:
    """Why a description is no classifier of pictures: each problem under its layer's name; none if it is one."""
    try:
        Classifier.of(data)
    except RecipeError as error:
        return list(error.problems)
    return []


def _changes(layer: Layer, classes: int | None, dropout: float | None) -> dict[str, Any]:
    """The settings that change with pictures, classes and the recipe's dropout."""
    if isinstance(layer, Dropout):
        return {} if dropout is None else {"rate": dropout}
    return {} if classes is None else {"units": classes}


def _put_input(site: Site, step: Step, shape: tuple[int, int, int]) -> None:
    try:
        last = site.data_format == "channels_last"
        symbol = Input(to_layout(shape, last), data_format=site.data_format, name=step.name)
    except NetworkError as error:
        site.symbols[step.name] = None
        site.tell(f"{step.name}.shape", str(error))
        return
    site.symbols[step.name] = symbol
    site.inputs.append(symbol)


def _put_layer(site: Site, step: Step, changes: dict[str, Any]) -> None:
    try:
        site.layers[step.name] = replace(step.layer, name=step.name, **changes)
    except RecipeError as error:
        for problem in error.problems:
            site.tell(f"{step.name}.{problem.field}", problem.message)


def _connect(site: Site, step: Step, inputs: list[str]) -> None:
    """Use a layer on what it takes; what has no layer or no inputs was reported already."""
    site.symbols[step.name] = None
    symbols = [symbol for name in inputs if (symbol := site.symbols[name]) is not None]
    layer = site.layers.get(step.weights)
    if layer is None or len(symbols) < len(inputs):
        return
    try:
        made = layer(symbols)
        if step.weights != step.name:
            check_shared(site, step.weights, made)
        site.symbols[step.name] = made
    except NetworkError as error:
        site.tell(step.name, str(error))


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


def _penalties(net: Architecture) -> Iterator[Problem]:
    """A run has weight decay in the place of regularizers: nothing that looks accepted is ignored."""
    for step in net.steps:
        if step.layer.penalties(weight.name for weight in net.holders[step.weights].weights) if step.inputs else ():
            yield Problem(
                step.name,
                "a regularizer works in fit of level 3 only; take it away here, and choose a weight decay for the "
                "optimizer",
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
