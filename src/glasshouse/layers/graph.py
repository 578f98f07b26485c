"""The order in which a network computes: from Symbols to a list of steps with names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

from .layer import InputLayer, Layer, Symbol, plain_name
from .rules import MOST
from .rules import name as name_rule
from .shapes import Shape, from_layout, text, to_layout

__all__ = ["Input", "Step", "chain", "free_name", "steps_of"]


@dataclass(frozen=True, eq=False)
class Step:
    """One use of one layer: the numbers of the steps that it takes, and the shape that it gives.

    ``weights`` is the name of the step that holds the layer's weights: its own, or that of the layer's first use.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    engine_shape: Shape
    input_shapes: tuple[Shape, ...]
    weights: str
    owner: Any = None

    def shape(self, channels_last: bool) -> Shape:
        """The shape of the output as arrays have it, without N."""
        return to_layout(self.engine_shape, channels_last)


def Input(shape: Sequence[int], *, data_format: str = "channels_last", name: str | None = None) -> Symbol:  # noqa: N802
    """Where arrays come in: the first Symbol.

    Args:
        shape: of one sample, without N: (28, 28, 1), or (1, 28, 28) where data_format is channels_first.
        data_format: channels_last (N, H, W, C), Keras' default, or channels_first (N, C, H, W), torch's.

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    if data_format not in ("channels_last", "channels_first"):
        raise NetworkError(
            "data_format is channels_last or channels_first, got {data_format}", data_format=repr(data_format)
        )
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(isinstance(n, int) and n > 0 for n in sizes):
        raise NetworkError(
            "the shape of an Input is whole numbers from 1 on, without the batch; got {shape}", shape=f"{shape!r:.200}"
        )
    if any(n > MOST for n in sizes):
        raise NetworkError(
            "the shape of an Input has numbers of at most {MOST}; got {shape}",
            MOST=f"{MOST:,}",
            shape=f"{shape!r:.200}",
        )
    last = data_format == "channels_last"
    return Symbol(InputLayer(name=name), (), from_layout(sizes, last), last)


def chain(parts: Sequence[Any], start: Symbol | None) -> tuple[list[Symbol], list[Symbol]]:
    """Input and output of layers one after the other."""
    rest = list(parts)
    if rest and isinstance(rest[0], Symbol):
        start = rest.pop(0)
    elif start is None and rest and hasattr(rest[0], "inputs") and not isinstance(rest[0], Layer):
        first = rest[0].steps[0]
        start = Symbol(InputLayer(), (), first.engine_shape, rest[0].channels_last)
    if start is None:
        raise NetworkError(
            "a network must know the shape of what comes in; write Network([...], input_shape=(28, 28, 1)), "
            "or Input((28, 28, 1)) as the first of the list"
        )
    x = start
    for number, part in enumerate(rest, start=1):
        if not callable(part) or isinstance(part, type):
            hint = Message("; write {kind}(...)", kind=part.__name__) if isinstance(part, type) else ""
            raise NetworkError(
                "number {number} of the list is no layer but {part}{hint}", number=number, part=repr(part), hint=hint
            )
        x = part(x)
    return [start], [x]


def steps_of(inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> tuple[list[Step], tuple[int, ...]]:
    """Every step once, what it needs before it, inputs first; and the numbers of the outputs."""
    numbers: dict[Symbol, int] = {}
    order: list[Symbol] = []
    for symbol in inputs:
        if not isinstance(symbol.layer, InputLayer):
            raise NetworkError("inputs of a Network are what Input(...) gives")
        numbers[symbol] = len(order)
        order.append(symbol)
    for output in outputs:
        for symbol in _behind(output, numbers):
            if isinstance(symbol.layer, InputLayer):
                raise NetworkError(
                    "an output needs an Input of shape {engine_shape} that is not among the inputs of the "
                    "Network; add it to them",
                    engine_shape=text(to_layout(symbol.engine_shape, symbol.channels_last)),
                )
            numbers[symbol] = len(order)
            order.append(symbol)
    return _named(order, numbers), tuple(numbers[output] for output in outputs)


def _behind(output: Symbol, known: dict[Symbol, int]) -> list[Symbol]:
    """What is computed before `output`, and itself, without what is known; no recursion, so depth does not matter."""
    found: dict[Symbol, None] = {}
    stack = [(output, False)]
    while stack:
        symbol, ready = stack.pop()
        if symbol in known or symbol in found:
            continue
        if ready:
            found[symbol] = None
        else:
            stack.append((symbol, True))
            stack.extend((x, False) for x in reversed(symbol.inputs))
    return list(found)


def _named(order: Sequence[Symbol], numbers: dict[Symbol, int]) -> list[Step]:
    given: dict[str, Layer] = {}
    for symbol in order:
        name = symbol.layer.name
        if name is not None and given.setdefault(name_rule(name), symbol.layer) is not symbol.layer:
            raise NetworkError("two layers are called {name}; names of layers must differ within a network", name=name)
    taken = set(given)
    first: dict[int, str] = {}
    steps: list[Step] = []
    for symbol in order:
        layer = symbol.layer
        holder = first.get(id(layer))
        name = layer.name if holder is None and layer.name else free_name(holder or plain_name(layer), taken)
        taken.add(name)
        first.setdefault(id(layer), name)
        shapes = tuple(x.engine_shape for x in symbol.inputs)
        inputs = tuple(numbers[x] for x in symbol.inputs)
        steps.append(Step(name, layer, inputs, symbol.engine_shape, shapes, holder or name, symbol.owner))
    _check_shared(steps)
    return steps


def free_name(stem: str, taken: set[str], first: int = 1) -> str:
    """Return ``stem`` if it is not taken, else with the smallest free number behind it from ``first`` on."""
    name, number = stem, first - 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name


def _check_shared(steps: Sequence[Step]) -> None:
    """A layer that is used twice needs weights of the same shape both times."""
    held = {step.name: step for step in steps}
    for step in steps:
        first = held[step.weights]
        if first is not step and step.layer.weights(step.input_shapes, True) != first.layer.weights(
            first.input_shapes, True
        ):
            raise NetworkError(
                "{name} is used twice, on {input_shapes} and on {input_shapes2}, which need weights of different "
                "shapes; make a second layer",
                name=first.name,
                input_shapes=text(first.input_shapes[0]),
                input_shapes2=text(step.input_shapes[0]),
            )
