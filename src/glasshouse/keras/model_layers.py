"""A layer as it is in a model of Keras: ``model.layers`` and ``model.get_layer`` give it."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from glasshouse.errors import NetworkError
from glasshouse.layers import Layer, Network, Symbol
from glasshouse.layers.graph import Step
from glasshouse.layers.shapes import to_layout

__all__ = ["LayerInModel"]


class LayerInModel:
    """A layer as it is in a model: its name there, its weights, its output. `Model.get_layer` gives it."""

    model: Network  # a Model, which is what gives such layers
    step: Step

    def __init__(self, model: Network, step: Step) -> None:
        self.__dict__.update(model=model, step=step)

    @property
    def name(self) -> str:
        """The name of the layer in this model."""
        return self.step.name

    @property
    def layer(self) -> Layer:
        """The settings: what was given to the model."""
        return self.step.layer

    @property
    def trainable(self) -> bool:
        """Whether training moves the layer's weights."""
        return self.model.holders[self.step.weights].trainable

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "trainable":
            raise NetworkError("of a layer in a model only trainable can be set, not {name}", name=name)
        self.model.freeze(self.step.weights, frozen=not value)

    @property  # type: ignore[misc]  # mypy knows __class__ as what can be set
    def __class__(self) -> Any:  # so that isinstance(layer, layers.Dense) says what it is
        return type(self.step.layer)

    @property
    def output(self) -> Symbol:
        """What the layer gives, as a Symbol: ``Model(model.input, layer.output)`` ends there."""
        found: Symbol = cast(Any, self.model).symbol_of(self.step)
        return found

    @property
    def input(self) -> Any:
        """What the layer takes: a Symbol, or a list of them."""
        found = self.output.inputs
        return found[0] if len(found) == 1 else list(found)

    @property
    def input_shape(self) -> Any:
        """The shape of what the layer takes, with None for N; a list of them if it takes several."""
        found = [symbol.shape for symbol in self.output.inputs]
        return found[0] if len(found) == 1 else found

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Copies of the arrays that training moves."""
        holder = self.model.holders[self.step.weights]
        arrays = holder.arrays()
        return [arrays[w.name] for w in holder.weights if holder.trainable and w.trainable]

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of what the layer gives, with None for N."""
        return (None, *to_layout(self.step.engine_shape, self.model.channels_last))

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the arrays, in Keras' order and axes."""
        return list(self.model.holders[self.step.weights].arrays().values())

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Replace the arrays, given in the order of `get_weights`."""
        names = [w.name for w in self.model.holders[self.step.weights].weights]
        if len(names) != len(weights):
            raise NetworkError("{name} holds {names} arrays, got {weights}", name=self.name, names=len(names),
                               weights=len(weights))  # fmt: skip
        self.model.set_weights({f"{self.step.weights}/{name}": value for name, value in zip(names, weights)})

    def count_params(self) -> int:
        """The number of the layer's weights."""
        return self.model.count(self.step.weights)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.step.layer, name)
