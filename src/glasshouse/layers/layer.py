"""Layer: one step of a network, as data. Symbol: what a layer gives, before there are numbers.

A layer holds settings only, no weights: those belong to the Network that it is in. Called on a Symbol, it gives
the next Symbol; the same layer called twice shares its weights.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol
from weakref import WeakSet

from glasshouse.errors import NetworkError, Problem, RecipeError

from .engine import Engine, Run, T
from .regularizers import Regularizer
from .rules import layer_class, optional, rule
from .rules import name as name_rule
from .shapes import Shape, to_layout

__all__ = ["BiasedLayer", "InputLayer", "Layer", "Run", "Symbol", "Weight", "plain_name"]


class Holding(Protocol):
    """Who holds a layer's weights, and can learn whether training moves them: a ``holding.Holder``."""

    trainable: bool

    def learn(self, learns: bool) -> None:
        """Take it in."""


@dataclass(frozen=True)
class Weight:
    """One array that a layer holds: its shape and axes are Keras'.

    ``layout`` says how engines hold it: plain as it is; conv (KH, KW, C, O) as (O, C, KH, KW); depthwise
    (KH, KW, C, M) as (C·M, 1, KH, KW).
    """

    name: str
    shape: Shape
    initializer: Any
    trainable: bool = True
    layout: str = "plain"


@dataclass(frozen=True, eq=False)
class Symbol:
    """What a layer gives, before there are numbers: its shape without N, and what it was computed from."""

    layer: "Layer"
    inputs: tuple["Symbol", ...]
    engine_shape: Shape  # pictures as (C, H, W)
    channels_last: bool = True
    owner: Any = None  # the Network whose weights the layer shares, if it comes from one

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape as arrays have it, with None for N."""
        return (None, *to_layout(self.engine_shape, self.channels_last))


@layer_class
class Layer:
    """The base of all layers: settings, shapes, weights and computation; all of it without state."""

    name: str | None = rule(optional(name_rule), default=None, kw_only=True)
    activation_field: ClassVar[str] = "activation"

    def __post_init__(self) -> None:
        problems = []
        for part in fields(self):
            try:
                object.__setattr__(self, part.name, part.metadata["rule"](getattr(self, part.name)))
            except (ValueError, TypeError, OverflowError) as error:
                problems.append(Problem(part.name, str(error)))
        problems = problems or list(self.conflicts())
        if problems:
            raise RecipeError(self.name or type(self).__name__, problems)

    def conflicts(self) -> Sequence[Problem]:
        """What is wrong between fields that are right alone."""
        return ()

    @property
    def trainable(self) -> bool:
        """Whether training moves the layer's weights, in every network that holds it; may be set at any time."""
        held = [holder.trainable for holder in self.__dict__.get("_holders", ())]
        return any(held) if held else bool(self.__dict__.get("_trainable", True))

    @trainable.setter
    def trainable(self, learns: bool) -> None:
        self.__dict__["_trainable"] = bool(learns)
        for holder in self.__dict__.get("_holders", ()):
            holder.learn(bool(learns))

    def held_by(self, holder: "Holding") -> None:
        """Remember who holds the layer's weights, so that ``trainable`` reaches them."""
        self.__dict__.setdefault("_holders", WeakSet()).add(holder)
        if not self.__dict__.get("_trainable", True):
            holder.learn(False)

    @property
    def who(self) -> str:
        """How messages call this layer."""
        return f"{type(self).__name__} {self.name}" if self.name else type(self).__name__

    def __call__(self, x: Symbol | Sequence[Symbol]) -> Symbol:
        """The Symbol that this layer makes of one Symbol, or of a list of them."""
        inputs = (x,) if isinstance(x, Symbol) else tuple(x)
        if not inputs or not all(isinstance(i, Symbol) for i in inputs):
            raise NetworkError(
                "{who} was called on {kind}; expected what Input or another layer gives, or a list of it. "
                "Numbers go into a Network: net(array)",
                who=self.who,
                kind=type(x).__name__,
            )
        last = inputs[0].channels_last
        return Symbol(self, inputs, self.shape([i.engine_shape for i in inputs], last), last)

    def shape(self, shapes: Sequence[Shape], channels_last: bool) -> Shape:
        """The shape of the output (pictures as (C, H, W)); NetworkError where the inputs do not fit."""
        if len(shapes) != 1:
            raise NetworkError(
                "{who} takes one input, got {shapes}; join them with Add or Concatenate",
                who=self.who,
                shapes=len(shapes),
            )
        return self.shape_of(shapes[0], channels_last)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        """The shape of the output of a layer with one input: by default that of the input."""
        return shape

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        """The arrays that the layer holds for inputs of these shapes."""
        return ()

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        """The output on an engine ``F`` (torch's or autodiff's), before the activation. xs pictures (N, C, H, W)."""
        raise NotImplementedError(f"{type(self).__name__} has no compute")

    def penalties(self, names: Iterable[str]) -> dict[str, Regularizer]:
        """What is added to the loss for weights of these names, and as "" for what the layer gives."""
        fields_of = {"kernel": ("kernel", "depthwise"), "": ("activity",)}
        found: dict[str, Regularizer] = {}
        for name in (*names, ""):
            for word in fields_of.get(name, (name.removesuffix("_kernel"),)):
                held = getattr(self, f"{word}_regularizer", None)
                found |= {name: held} if isinstance(held, Regularizer) else {}
        return found

    def settings(self) -> dict[str, Any]:
        """The fields that differ from their defaults, the name left out."""
        return {
            part.name: value
            for part in fields(self)
            if part.name != "name" and (value := getattr(self, part.name)) != _default(part)
        }


class BiasedLayer(Layer):
    """A layer that adds a number to each output if ``use_bias``; each declares both settings in Keras' order."""

    use_bias: bool
    bias_initializer: Any

    def bias_weight(self, count: int) -> tuple[Weight, ...]:
        """The weight "bias" (count,), nothing without one."""
        return (Weight("bias", (count,), self.bias_initializer),) if self.use_bias else ()


@layer_class
class InputLayer(Layer):
    """Where arrays come in; `Input` makes it."""


def _default(part: Any) -> Any:
    try:
        return part.metadata["rule"](part.default)
    except (ValueError, TypeError):
        return part.default  # a field that must be given


def plain_name(layer: Layer) -> str:
    """The first name of a layer without one, as in Keras: MaxPooling2D is max_pooling2d, ReLU re_lu.

    >>> plain_name(InputLayer())
    'input_layer'
    """
    text = type(layer).__name__
    parts = [text[0]]
    for before, here, after in zip(text, text[1:], text[2:] + " "):
        if here.isupper() and (before.islower() or (after.islower() and not before.isdigit())):
            parts.append("_")
        parts.append(here)
    return "".join(parts).lower()
