"""Architecture: layers in order, or as a graph; their shapes, counts and weights, and the engines that compute them."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

from .graph import Input, chain, steps_of
from .holding import Holder, refuse
from .layer import InputLayer, Layer, Symbol
from .rules import no_attribute
from .shapes import text, to_layout

if TYPE_CHECKING:
    from .autodiff_network import AutodiffNetwork
    from .torch_network import TorchNetwork

__all__ = ["Architecture"]

_KEPT = frozenset(
    {"name", "seed", "inputs", "outputs", "channels_last", "steps", "output_steps", "holders", "compiled", "_module"}
)
_SETTABLE = ("name", "seed", "trainable")


class Architecture:
    """Layers and their weights: what a Network is before it learns.

    In order, ``Network([Flatten(), Dense(10)], input_shape=(28, 28, 1))``; or as a graph, from what Input gave to what
    the last layer gave, ``Network(inputs, outputs)``. Called on a Symbol, a network is a layer: it shares its weights.

    Args:
        data_format: of the arrays given: channels_last (N, H, W, C), as in Keras, or channels_first (N, C, H, W).
        seed: the first weights are a function of it and of the layers' names.

    Raises:
        NetworkError: if shapes do not fit, names are twice, or no shape is known.

    >>> net = Architecture([Layer()], input_shape=(4,))
    >>> net.output_shape
    (None, 4)
    """

    def __init__(
        self, inputs: Any, outputs: Any = None, *, input_shape: Sequence[int] | None = None,
        data_format: str = "channels_last", seed: int = 0, name: str = "network",
    ) -> None:  # fmt: skip
        if outputs is None:
            start = None if input_shape is None else Input(input_shape, data_format=data_format)
            heads, tails = chain([inputs] if isinstance(inputs, Layer) else inputs, start)
        else:
            heads = [inputs] if isinstance(inputs, Symbol) else list(inputs)
            tails = [outputs] if isinstance(outputs, Symbol) else list(outputs)
        self.name, self.seed = name, seed
        self.inputs, self.outputs = tuple(heads), tuple(tails)
        self.channels_last = heads[0].channels_last
        self.steps, self.output_steps = steps_of(heads, tails)
        self.holders = self._holders()
        self._module: TorchNetwork | None = None

    def _holders(self) -> dict[str, Holder]:
        holders: dict[str, Holder] = {}
        for step in self.steps:
            if step.weights == step.name and not isinstance(step.layer, InputLayer):
                weights = step.layer.weights(step.input_shapes, self.channels_last)
                shared = None if step.owner is None else step.owner.holder_of(step.layer)
                holders[step.name] = shared or Holder(step.name, weights, self.seed)
                step.layer.held_by(holders[step.name])
        return holders

    def __setattr__(self, name: str, value: object) -> None:
        """Set what there is; a misspelt name of a network of Glasshouse's own is reported, a subclass may have more."""
        known = name.startswith("_") or name in _KEPT or hasattr(type(self), name)
        if not known and type(self).__module__.startswith("glasshouse."):
            raise NetworkError(no_attribute(type(self).__name__, name, [*_SETTABLE]))
        super().__setattr__(name, value)

    def holder_of(self, layer: Layer) -> Holder:
        """The weights of one of this network's layers."""
        return self.holders[next(step.weights for step in self.steps if step.layer is layer)]

    # shapes and counts

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of the first input, with None for N."""
        return self.inputs[0].shape

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the first output, with None for N."""
        return self.outputs[0].shape

    @property
    def layers(self) -> list[Layer]:
        """The layers in the order of computation, each once, without inputs."""
        return [s.layer for s in self.steps if s.weights == s.name and not isinstance(s.layer, InputLayer)]

    def count(self, name: str) -> int:
        """The number of weights of a layer."""
        return sum(prod(w.shape) for w in self.holders[name].weights) if name in self.holders else 0

    @property
    def parameters(self) -> int:
        """The number of all weights."""
        return sum(map(self.count, self.holders))

    @property
    def trainable_parameters(self) -> int:
        """The number of weights that are learned."""
        learned = [w for holder in self.holders.values() if holder.trainable for w in holder.weights if w.trainable]
        return sum(prod(w.shape) for w in learned)

    def __repr__(self) -> str:
        shapes = " -> ".join(
            text(to_layout(s.engine_shape, self.channels_last)) for s in (self.inputs[0], self.outputs[0])
        )
        return f"<Network {self.name}: {len(self.layers)} layers, {shapes}, {self.parameters:,} parameters>"

    # weights

    def weights(self) -> dict[str, np.ndarray]:
        """Every array under its name, such as ``dense/kernel``, in Keras' axes; copies."""
        return {
            f"{name}/{key}": value for name, holder in self.holders.items() for key, value in holder.arrays().items()
        }

    def set_weights(self, weights: Mapping[str, np.ndarray] | Sequence[np.ndarray]) -> None:
        """Replace weights: a dictionary of some or all names, or a list in the order of `weights`.

        Raises:
            WeightsError: if a name or a shape does not fit; nothing is changed then.
        """
        if not isinstance(weights, Mapping):
            names, given = list(self.weights()), list(weights)
            if len(names) != len(given):
                refuse(
                    [Message("expected {names} arrays, got {given}", names=len(names), given=len(given))],
                    Message("the list of weights"),
                )
            weights = dict(zip(names, given))
        parts: dict[str, dict[str, np.ndarray]] = {}
        for key, value in weights.items():
            name, _, part = key.rpartition("/")
            parts.setdefault(name, {})[part] = value
        problems: list[str] = [
            Message("there is no layer {name}", name=repr(name)) for name in parts if name not in self.holders
        ]
        for name, arrays in parts.items():
            problems += self.holders[name].problems(arrays) if name in self.holders else []
        refuse(problems, Message("what was given"))
        for name, arrays in parts.items():
            self.holders[name].set(arrays)

    @property
    def trainable(self) -> bool:
        """Whether training moves the weights: those of any layer. Set it to freeze all layers, or none."""
        return any(holder.trainable for holder in self.holders.values())

    @trainable.setter
    def trainable(self, learns: bool) -> None:
        self.freeze(frozen=not learns)

    def freeze(self, *names: str, frozen: bool = True) -> None:
        """Leave layers out of learning, all of them if none is named; `fit` heeds it at once."""
        unknown = [name for name in names if name not in self.holders]
        if unknown:
            raise NetworkError(
                "no layer {unknown}; there are {holders}", unknown=", ".join(unknown), holders=", ".join(self.holders)
            )
        for name in names or self.holders:
            self.holders[name].learn(not frozen)

    def freeze_only(self, names: Iterable[str]) -> None:
        """Leave these layers out of learning, and no others."""
        self.freeze(frozen=False)
        if found := tuple(names):
            self.freeze(*found)

    # engines

    @property
    def module(self) -> "TorchNetwork":
        """The torch module that this network itself computes with."""
        if self._module is None:
            from .torch_network import TorchNetwork

            self._module = TorchNetwork(self.steps, self.output_steps, self.holders, self.channels_last, live=True)
        return self._module

    def to(self, device: str) -> None:
        """Compute on a device from now on, such as cuda."""
        self.module.to(device)

    def to_torch(self) -> "TorchNetwork":
        """A torch module with a copy of the weights."""
        from .torch_network import TorchNetwork

        return TorchNetwork(self.steps, self.output_steps, self.holders, self.channels_last, live=False)

    def to_autodiff(self) -> "AutodiffNetwork":
        """A model of glasshouse.autodiff with a copy of the weights."""
        from .autodiff_network import AutodiffNetwork

        return AutodiffNetwork(self.steps, self.output_steps, self.holders, self.channels_last)

    def on(self, given: Sequence[Symbol]) -> Any:
        """This network as a layer: the Symbols that it makes of these, one for each input."""
        if len(given) != len(self.inputs) or any(
            a.engine_shape != b.engine_shape or a.channels_last != b.channels_last for a, b in zip(given, self.inputs)
        ):
            want = ", ".join(str(s.shape) for s in self.inputs)
            raise NetworkError(
                "{name} takes {want}, got {given}; pictures of another size need a network that is built for it",
                name=self.name,
                want=want,
                given=", ".join(str(s.shape) for s in given),
            )
        values = list(given)
        for step in self.steps[len(given) :]:
            inputs = tuple(values[i] for i in step.inputs)
            values.append(Symbol(step.layer, inputs, step.engine_shape, self.channels_last, step.owner or self))
        found = [values[i] for i in self.output_steps]
        return found[0] if len(found) == 1 else found
