"""``keras.models``: Model and Sequential, with Keras' words for what a `glasshouse.layers.Network` does."""

import itertools
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from glasshouse.errors import NetworkError, no_such_name
from glasshouse.layers import EpochEnd, History, Layer, Network, Symbol, load_network
from glasshouse.layers.graph import Step
from glasshouse.layers.history import line

from .callbacks import Callback, Callbacks
from .hints import MODEL, MODELS
from .layers import given_shape
from .model_layers import LayerInModel
from .preprocessing.image import Batches

__all__ = ["LayerInModel", "Model", "Sequential", "load_model"]


class Model(Network):
    """A network in Keras' words: ``Model(inputs, outputs)``."""

    def __init__(self, inputs: Any, outputs: Any = None, *, name: str = "model", **settings: Any) -> None:
        super().__init__(inputs, outputs, name=name, **settings)

    # what it is made of

    @property
    def input(self) -> Any:
        """The first Symbol, or a list of them."""
        return self.inputs[0] if len(self.inputs) == 1 else list(self.inputs)

    @property
    def output(self) -> Any:
        """The last Symbol, or a list of them."""
        return self.outputs[0] if len(self.outputs) == 1 else list(self.outputs)

    @property
    def layers(self) -> list[Any]:
        """The layers in the order of computation, each once, as they are in this model."""
        return [LayerInModel(self, step) for step in self.steps if step.weights == step.name and step.inputs]

    def get_layer(self, name: str | None = None, index: int | None = None) -> LayerInModel:
        """A layer by its name or number.

        Raises:
            NetworkError: there is none; the names that there are are reported.
        """
        layers = self.layers
        if name is None:
            if index is None or not -len(layers) <= index < len(layers):
                raise NetworkError("there is no layer {index}; the model has {count}", index=index, count=len(layers))
            return layers[index]  # type: ignore[no-any-return]
        for layer in layers:
            if layer.name == name:
                return layer  # type: ignore[no-any-return]
        raise NetworkError("no layer {name}; there are {names}", name=name, names=", ".join(x.name for x in layers))

    def symbol_of(self, step: Step) -> Symbol:
        """What a step of this model gives, as a Symbol that shares its weights."""
        values: list[Symbol] = list(self.inputs)
        for other in self.steps[len(values) :]:
            inputs = tuple(values[i] for i in other.inputs)
            values.append(Symbol(other.layer, inputs, other.engine_shape, self.channels_last, other.owner or self))
        return values[self.steps.index(step)]

    def count_params(self) -> int:
        """The number of all weights."""
        return self.parameters

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Copies of the arrays that training moves."""
        return [a for h in self.holders.values() if h.trainable for w, a in _pairs(h) if w.trainable]

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Copies of the arrays that training leaves alone."""
        return [a for h in self.holders.values() for w, a in _pairs(h) if not (h.trainable and w.trainable)]

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all arrays, in the order of the layers."""
        return list(self.weights().values())

    @property
    def metrics_names(self) -> list[str]:
        """What `evaluate` returns: the loss, then the metrics."""
        return ["loss", *self._compiled().metrics]

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` chose; ``.learning_rate`` is its rate."""
        return self._compiled().optimizer

    @property
    def loss(self) -> Any:
        """The loss that `compile` chose."""
        return self._compiled().loss

    if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

        def __getattr__(self, name: str) -> Any:
            more = f"; write {MODEL[name]}" if name in MODEL else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{more}")

    # how it learns

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = (), **settings: Any) -> None:
        """Choose how the model learns; Keras' settings of how it computes are taken and change nothing.

        Raises:
            NetworkError: an unknown word, a loss that does not fit the output, or a setting that would change a number.
        """
        for word in ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"):
            settings.pop(word, None)
        if refused := [word for word, value in settings.items() if value is not None]:
            raise NetworkError("compile has no {names} here; a model has one loss", names=", ".join(refused))
        super().compile(optimizer, loss, metrics)

    def train_on_batch(self, x: Any, y: Any) -> Any:
        """One step on these arrays; returns the loss and the metrics, the loss alone if there are none."""
        step = self._compiled().iterations  # so that dropout is another one in each step
        found = self.fit(x, y, len(x), epochs=step + 1, initial_epoch=step, verbose=0, shuffle=False).history
        values = [numbers[-1] for numbers in found.values()]
        return values[0] if len(values) == 1 else values

    def test_on_batch(self, x: Any, y: Any) -> Any:
        """The loss and the metrics of these arrays, as `evaluate`."""
        return self.evaluate(x, y, len(x))

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1, verbose: Any = 1,
        callbacks: Callback | Sequence[Callback] | None = None, **settings: Any,
    ) -> History:  # fmt: skip
        """Train; returns a History. Arrays, or what gives batches; the other words are those of `Network.fit`.

        ``batch_size`` is 32 if nothing is said. A callback may set ``self.model.stop_training = True``.

        Raises:
            NetworkError: a word that `fit` does not know.
        """
        for word in ("workers", "use_multiprocessing", "max_queue_size"):
            settings.pop(word, None)  # how Keras loads batches; nothing of it changes a number
        events = self.fit_events(x, y, batch_size=batch_size or 32, epochs=epochs, **settings)
        chosen = [callbacks] if isinstance(callbacks, Callback) else callbacks or ()
        history, told = History(params={"verbose": verbose}), Callbacks(chosen, self)
        self.stop_training = False
        told.begin(epochs)
        for event in events:
            told.on(event)
            if isinstance(event, EpochEnd):
                history.add(event)
                if verbose:
                    _say(line(event))
        told.end()
        return history

    @property
    def stop_training(self) -> bool:
        """Whether the training ends after this step or epoch: Keras' word for ``stop`` of the callbacks' control."""
        return bool(self.__dict__.get("_stop_training"))

    @stop_training.setter
    def stop_training(self, stop: bool) -> None:
        self.__dict__["_stop_training"] = bool(stop)

    def evaluate(  # type: ignore[override]  # Keras' order of the arguments
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = 0, steps: int | None = None,
        return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """The loss and the metrics: [loss, accuracy], the loss alone, or a dictionary; nothing is printed."""
        return super().evaluate(x, y, batch_size or 32, return_dict, steps)

    def fit_generator(self, generator: Any, steps_per_epoch: int | None = None, **settings: Any) -> History:
        """As `fit` on a generator; Keras' older name."""
        return self.fit(generator, steps_per_epoch=steps_per_epoch, **settings)

    def evaluate_generator(self, generator: Any, steps: int | None = None, **_: Any) -> Any:
        """As `evaluate` on a generator; Keras' older name."""
        return self.evaluate(generator, steps=steps)

    def predict_generator(self, generator: Any, steps: int | None = None, **_: Any) -> Any:
        """As `predict` on a generator; Keras' older name."""
        return self.predict(generator, steps=steps)

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0, steps: int | None = None) -> Any:
        """The outputs as NumPy arrays, for arrays or for what gives batches (of ``steps`` if it has no length)."""
        from glasshouse.layers.batches import is_stream  # loads torch

        if not is_stream(x):
            return super().predict(x, batch_size or 32)
        if steps is None and not isinstance(x, Sized):
            raise NetworkError("{kind} has no length; say how many batches to take: steps=", kind=type(x).__name__)
        count = len(x) if steps is None and isinstance(x, Sized) else steps or 0
        parts = [super(Model, self).predict(_only_x(batch), batch_size or 32) for _, batch in zip(range(count), x)]
        return np.concatenate(parts)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs of one batch."""
        return super().predict(x, len(x))

    # files

    def save(self, path: str | Path, overwrite: bool = True, **_: Any) -> None:
        """Write layers, weights and how the model learns to one file, in one format whatever ``save_format`` says.

        Raises:
            NetworkError: there is a file already, and it is not to be replaced.
        """
        if not overwrite and Path(path).exists():
            raise NetworkError("{path} is there already, and overwrite=False", path=path)
        super().save(path)

    def save_weights(self, path: str | Path, overwrite: bool = True, **_: Any) -> None:
        """Write the weights, with the layers they belong to, to one file in Glasshouse's own format."""
        self.save(path, overwrite)

    def load_weights(self, path: str | Path, by_name: bool = False, **_: Any) -> None:
        """Take the weights of a file that `save` or `save_weights` wrote, for a model of the same layers.

        Raises:
            ModelError: the file is missing, damaged, or none of Glasshouse's.
            WeightsError: it belongs to other layers.
            NetworkError: ``by_name``.
        """
        if by_name:
            raise NetworkError("load_weights takes all layers here; write model.get_layer(name).set_weights(arrays)")
        self.set_weights(list(load_network(path).weights().values()))


class Sequential(Model):
    """Layers one after the other, given at once or one by one with `add`.

    The shape of what comes in is that of an Input, of the first layer's ``input_shape`` or ``input_dim``, or that of
    the first arrays.
    """

    def __init__(self, layers: Sequence[Any] | None = None, name: str = "sequential", **settings: Any) -> None:
        self._parts: list[Any] = []
        self._settings = {"name": name, **settings}
        self._later: tuple[Any, ...] | None = None
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Put a layer, or a whole model, at the end."""
        if type(layer) is LayerInModel or not isinstance(layer, Layer | Network | Symbol):
            raise NetworkError("add takes a layer, such as Dense(10), got {layer}", layer=repr(layer))
        self._parts.append(layer)
        self._start(None)

    def pop(self) -> None:
        """Take the last layer away.

        Raises:
            NetworkError: there is none.
        """
        if not self._parts:
            raise NetworkError("{name} has no layer to take away", name=self._settings["name"])
        self._parts.pop()
        self._start(None)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the shape of what comes in: (N, ...), N is None."""
        if not self._built:
            self._start(tuple(n for n in tuple(input_shape)[1:] if n is not None))

    def __repr__(self) -> str:
        return super().__repr__() if self._built else f"<Sequential of {len(self._parts)} layers, not built yet>"

    @property
    def _built(self) -> bool:
        return "steps" in self.__dict__

    def _start(self, shape: tuple[int, ...] | None) -> None:
        """Build the network anew if the shape is known; weights that were there are kept."""
        first = self._parts[0] if self._parts else None
        if first is None or (isinstance(first, Symbol) and len(self._parts) == 1):
            self.__dict__.pop("steps", None)  # nothing to compute yet, or no longer
            return
        shape = shape or given_shape(first) or self.__dict__.get("_shape")
        waits = isinstance(first, Sequential) and not first._built
        if shape is None and (waits or isinstance(first, Layer)):
            return
        if waits and shape is not None:
            first.build((None, *shape))
        held = dict(self.__dict__.get("holders", {}))
        compiled = self.__dict__.get("compiled")
        self.__dict__["_shape"] = shape
        super().__init__(list(self._parts), input_shape=shape if isinstance(first, Layer) else None, **self._settings)
        self.holders |= {name: holder for name, holder in held.items() if name in self.holders}
        if compiled is not None:
            self.compiled = None  # another output: compile again
            warnings.warn("the layers changed after compile; call compile again", UserWarning, stacklevel=3)
        elif self._later is not None:
            super().compile(*self._later)

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = (), **settings: Any) -> None:
        """Choose how the model learns; before the first arrays, if their shape is not known yet."""
        self._later = (optimizer, loss, metrics)
        if self._built:
            super().compile(optimizer, loss, metrics, **settings)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_A_BUILT_ONE and not self._built:
            raise NetworkError(
                "the model does not know the shape of what comes in; give input_shape=(28, 28, 1) to its first layer, "
                "begin with Input((28, 28, 1)), or call model.build((None, 28, 28, 1))"
            )
        return cast(Any, super()).__getattr__(name)

    def fit(self, x: Any = None, y: Any = None, *args: Any, **settings: Any) -> History:
        """As `Model.fit`; an unknown shape is that of the arrays, or of the first batch."""
        if not self._built:
            shape, x = _first_shape(x, y)
            self.build(shape)
        return super().fit(x, y, *args, **settings)

    def __call__(self, x: Any) -> Any:
        if not self._built:
            first = x[0] if isinstance(x, list | tuple) else x
            self.build(first.shape if isinstance(first, Symbol) else np.shape(x))
        return super().__call__(x)


_OF_A_BUILT_ONE = frozenset({"steps", "inputs", "outputs", "holders", "output_steps", "channels_last"})


def load_model(
    path: str | Path, custom_objects: Any = None, compile: bool = True, **_: Any  # noqa: A002  (Keras' word)
) -> Model:  # fmt: skip
    """Read what `Model.save` wrote, whatever its ending; compiled as it was unless ``compile`` is False.

    Raises:
        NetworkError: ``custom_objects`` are given: a file holds no code here.
        ModelError: the file is missing, damaged, or none of Glasshouse's (a file of Keras itself, say).
    """
    if custom_objects:
        raise NetworkError("load_model takes no custom_objects here: a file holds the layers that Glasshouse has")
    found = load_network(path)
    model = Model(found.inputs, found.outputs, name=found.name, seed=found.seed)
    model.holders.update(found.holders)
    model.compiled = found.compiled if compile else None
    return model


def _first_shape(x: Any, y: Any) -> tuple[tuple[int, ...], Any]:
    """The shape of the first batch, and what gives all of them, this one too."""
    from glasshouse.layers.batches import is_rows, is_stream  # loads torch

    if y is not None or not (is_rows(x) or is_stream(x)):
        return np.shape(x), x
    if is_rows(x):
        return np.shape(x.rows(np.arange(1))), x
    if isinstance(x, Batches):
        return np.shape(_only_x(x[0])), x
    batches: Iterator[Any] = iter(cast(Iterable[Any], x))
    first = next(batches)
    return np.shape(_only_x(first)), itertools.chain([first], batches) if batches is x else x


def _pairs(holder: Any) -> list[tuple[Any, np.ndarray]]:
    arrays = holder.arrays()
    return [(weight, arrays[weight.name]) for weight in holder.weights]


def _only_x(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple | list) else batch


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, MODELS)
