"""What a description amounts to, layer by layer, also while it has problems: shapes, weights, numbers, memory.

Nothing is drawn and no torch is loaded: for forms, and before anything is trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from glasshouse.errors import Problem, RecipeError

from .classifier import classifier_problems
from .description import Site, survey
from .layer import InputLayer, Symbol
from .shapes import to_layout

__all__ = ["Look", "Memory", "Seen", "look", "memory"]

BYTES = 4  # of a number in float32


@dataclass(frozen=True)
class Seen:
    """One layer: its name, the shape it gives as arrays have it (None if it cannot be known), its weights.

    ``weights`` are the shapes of its arrays, empty if it shares another's; ``learned`` counts those that learn.
    """

    name: str
    shape: tuple[int, ...] | None
    weights: tuple[tuple[int, ...], ...]
    parameters: int
    learned: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Look:
    """A whole description: its layers, and problems that belong to none of them."""

    layers: tuple[Seen, ...]
    problems: tuple[Problem, ...]

    @property
    def parameters(self) -> int:
        """The number of all weights that are known."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def learned(self) -> int:
        """The number of weights that learn."""
        return sum(layer.learned for layer in self.layers)

    @property
    def numbers(self) -> tuple[int, ...]:
        """How many numbers each layer gives for one picture, if that is known."""
        return tuple(prod(layer.shape) for layer in self.layers if layer.shape is not None)

    @property
    def count(self) -> int:
        """The number of problems."""
        return len(self.problems) + sum(len(layer.problems) for layer in self.layers)


@dataclass(frozen=True)
class Memory:
    """Bytes that a training takes: weights with their gradients, the optimizer's numbers, and activations."""

    weights: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.optimizer + self.activations


def look(data: Mapping[str, Any]) -> Look:
    """What a description says, with every problem at its layer: of the layers, and of what a classifier must be."""
    try:
        site, _ = survey(data)
    except RecipeError as error:
        return Look((), error.problems)
    problems = site.problems or classifier_problems(data)
    names = list(site.symbols)
    told = {name: tuple(p for p in problems if p.field.split(".")[0] == name) for name in names}
    rest = tuple(p for p in problems if p.field.split(".")[0] not in names)
    frozen = set(site.frozen)
    held: set[int] = set()
    layers = [_seen(site, name, site.symbols[name], told[name], name in frozen, held) for name in names]
    return Look(tuple(layers), rest)


def memory(seen: Look, batch_size: int, slots: int) -> Memory:
    """About how much a training takes, in bytes.

    Training keeps what every layer gave for the way back, and needs as much as the two largest of them beside it;
    the optimizer keeps ``slots`` numbers for each weight that learns. What libraries take for themselves is not in it.
    """
    largest = sorted(seen.numbers)[-2:]
    kept = batch_size * BYTES * (sum(seen.numbers) + sum(largest))
    return Memory(BYTES * (seen.parameters + seen.learned), BYTES * slots * seen.learned, kept)


def _seen(
    site: Site, name: str, symbol: Symbol | None, problems: tuple[Problem, ...], frozen: bool, held: set[int]
) -> Seen:
    if symbol is None:
        return Seen(name, None, (), 0, 0, problems)
    shape = to_layout(symbol.engine_shape, symbol.channels_last)
    if isinstance(symbol.layer, InputLayer) or id(symbol.layer) in held:
        return Seen(name, shape, (), 0, 0, problems)
    held.add(id(symbol.layer))
    weights = symbol.layer.weights([x.engine_shape for x in symbol.inputs], symbol.channels_last)
    learned = 0 if frozen else sum(prod(w.shape) for w in weights if w.trainable)
    return Seen(name, shape, tuple(w.shape for w in weights), sum(prod(w.shape) for w in weights), learned, problems)
