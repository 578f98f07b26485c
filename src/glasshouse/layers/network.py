"""Network: an architecture that learns, is used, and is kept in a file."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from glasshouse.errors import ModelError, NetworkError, RecipeError

from .architecture import Architecture
from .compiling import Compiled
from .description import Plan, build, describe
from .files import read, restore, save
from .history import FitEvent, History
from .layer import Symbol
from .settings import FitSettings
from .summary import table

__all__ = ["Network", "load_network"]


class Network(Architecture):
    """Layers and their weights, in Keras' words.

    In order, ``Network([Flatten(), Dense(10)], input_shape=(28, 28, 1))``; or as a graph, from what Input gave to what
    the last layer gave, ``Network(inputs, outputs)``. Called on a Symbol, a network is a layer: it shares its weights.
    The arguments are those of Architecture: input_shape, data_format, seed, name.
    """

    compiled: Compiled | None = None

    def __call__(self, x: Any) -> Any:
        """On Symbols, this network as a layer; on arrays, what it gives for them, as `predict`."""
        given = list(x) if isinstance(x, list | tuple) else [x]
        return self.on(given) if any(isinstance(part, Symbol) for part in given) else self.predict(x)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, metrics: str | Sequence[str] | Mapping[str, str] | None = ()
    ) -> None:
        """Choose how the network learns: an optimizer, a loss, metrics; Keras' words and defaults.

        Raises:
            NetworkError: for an unknown word, or a loss that does not fit the output.
        """
        self.compiled = Compiled.of(self, optimizer, loss, metrics)

    def fit_events(self, x: Any, y: Any = None, **settings: Any) -> Iterator[FitEvent]:
        """Train, and tell what happens: an event a batch, and one an epoch. Settings as in `fit`."""
        from .training import fit_events  # loads torch

        return fit_events(self, self._compiled(), x, y, FitSettings.of(settings))

    def fit(self, x: Any, y: Any = None, batch_size: int = 32, epochs: int = 1, **settings: Any) -> History:
        """Train on arrays, on a split of a dataset, or on what gives batches (x, y); returns a History.

        A split (``data.train``) gives uint8 pictures from 0 to 255; batches come of a generator or a torch DataLoader.

        Args:
            settings: validation_split (the last part, before shuffling), validation_data (x, y), class_weight
                ({class: weight}), shuffle (True), seed, initial_epoch, steps_per_epoch and validation_steps
                (batches of a source without a length), verbose (1: one line per epoch on stderr).
        """
        events = self.fit_events(x, y, batch_size=batch_size, epochs=epochs, **settings)
        return History.of(events, verbose=int(settings.get("verbose", 1)))

    def evaluate(
        self, x: Any, y: Any = None, batch_size: int = 32, return_dict: bool = False, steps: int | None = None
    ) -> Any:
        """The loss and the metrics: [loss, accuracy], the loss alone, or a dictionary.

        On arrays, or on what gives batches: ``steps`` of them if it has no length.
        """
        from .training import evaluate  # loads torch

        found = evaluate(self, self._compiled(), x, y, batch_size, steps)
        values = list(found.values())
        return found if return_dict else values[0] if len(values) == 1 else values

    def predict(self, x: Any, batch_size: int = 32) -> Any:
        """The outputs as NumPy arrays."""
        from .training import predict  # loads torch

        return predict(self, x, batch_size)

    def summary(self) -> None:
        """Print the table of layers, shapes and parameters."""
        sys.stdout.write(table(self) + "\n")

    def to_dict(self) -> dict[str, Any]:
        """The network as data that JSON can hold, without weights."""
        return describe(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build the network that `to_dict` described.

        Raises:
            RecipeError: with every problem, each under its layer's name.
        """
        return cls.of(build(data))

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Build the network of a plan, as a description was read into one."""
        net = cls(plan.inputs, plan.outputs, seed=plan.seed, name=plan.name)
        net.freeze_only(plan.frozen)
        return net

    def save(self, path: str | Path) -> None:
        """Write layers, weights and how the network learns to one file; no code in it."""
        save(self, self.compiled, Path(path))

    def _compiled(self) -> Compiled:
        if self.compiled is None:
            raise NetworkError(
                "{name} is not compiled; call net.compile(optimizer=..., loss=...) first", name=self.name
            )
        return self.compiled


def load_network(path: str | Path) -> Network:
    """Read a network that `Network.save` wrote, with its weights, compiled as it was.

    Raises:
        ModelError: if the file is missing, damaged, or none of Glasshouse's.
    """
    found = read(Path(path))
    try:
        net = Network.from_dict(json.loads(found.network))
        compiled = json.loads(found.compiled)
    except (RecipeError, json.JSONDecodeError) as error:
        raise ModelError("the network in {path} cannot be built: {error}", path=path, error=error) from error
    net.set_weights(found.weights)
    if compiled is not None:
        net.compile(compiled["optimizer"], compiled["loss"], compiled["metrics"])
        restore(net, net._compiled(), found.kept, int(compiled["iterations"]))
    return net
