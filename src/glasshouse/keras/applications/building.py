"""A network of the catalogue as `keras.applications` has it: in layers, cut before its classes, with weights."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.errors import NetworkError
from glasshouse.layers import (
    AdaptiveAveragePooling2D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Layer,
    MaxPooling2D,
    Rescaling,
    Symbol,
)
from glasshouse.layers.classics import CLASSICS, take_weights
from glasshouse.layers.classics.ordering import layer_order
from glasshouse.networks.catalogue import CATALOGUE, Entry

from ..models import Model

__all__ = ["Application", "decode_predictions"]

Weights = str | Path | None
POOLING = {None: None, "avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


class Application:
    """A network of `keras.applications`: called, it gives a Model with the weights of ImageNet, or others.

    The network is that of Glasshouse's catalogue, layer for layer that of the published weights; its
    ``preprocess_input`` does what these weights expect.
    """

    def __init__(self, name: str) -> None:
        self.entry: Entry = CATALOGUE[name]
        self.__name__ = name
        self.__doc__ = f"{name} as a Model. Source: {self.entry.paper}."

    def __call__(
        self, include_top: bool = True, weights: Weights = "imagenet", input_tensor: Symbol | None = None,
        input_shape: Sequence[int] | None = None, pooling: str | None = None, classes: int = 1000,
        *, name: str | None = None,
    ) -> Model:  # fmt: skip
        """Build the network.

        Args:
            include_top: whether it ends with the classes; without them it gives (N, H, W, C), the base for others.
            weights: "imagenet" (from an installed package, the shelf, the cache, or fetched), None, or a file of torch.
            input_shape: rows, columns, channels; the published ones if left out. input_tensor: an Input in its place.
            pooling: "avg" or "max" makes (N, C) of a base.

        Raises:
            NetworkError: an argument does not fit, or the pictures are too small.
            WeightsError: the weights are not here, or not of this network.
        """
        self._check(include_top, weights, pooling, classes)
        entry = self.entry
        if input_tensor is not None:
            input_shape = [n or 1 for n in input_tensor.shape[1:]]
        shape = tuple(input_shape or (entry.height, entry.width, entry.channels))
        self._check_shape(shape)
        full = _with_keras_names(CLASSICS[entry.name](input_shape=shape, classes=classes))
        output = full.outputs[0] if include_top else _pooled(_features(full.outputs[0]), pooling)
        model = Model(full.inputs[0], output, name=name or entry.name.lower())
        if weights is not None:
            _take(model, entry, str(weights), classes if include_top else None, shape)
        return model if input_tensor is None else Model(input_tensor, model(input_tensor), name=model.name)

    def preprocess_input(self, x: Any, data_format: str | None = None) -> Any:
        """Pictures of 0 to 255, (H, W, C) or (N, H, W, C), as the weights expect them; a new float32 array.

        Keras' own differ from network to network; these are those of the weights that are loaded here. Of what Input
        or a layer gives, it makes a Rescaling layer.
        """
        if isinstance(x, Symbol):
            mean, std = self.entry.normalization(x.shape[-1] or 1)
            scale, offset = tuple(1 / (255 * s) for s in std), tuple(-m / s for m, s in zip(mean, std))
            return Rescaling(scale, offset)(x)
        values = np.asarray(x, np.float32)
        first = data_format == "channels_first"
        mean, std = self.entry.normalization(values.shape[-3 if first else -1])
        shape = (-1, 1, 1) if first else (-1,)
        given = (np.array(numbers, np.float32).reshape(shape) for numbers in (mean, std))
        middle, spread = given
        return (values / np.float32(255) - middle) / spread

    def _check(self, include_top: object, weights: object, pooling: object, classes: int) -> None:
        if not isinstance(include_top, bool):
            raise NetworkError("include_top is True or False, got {given}; write input_shape={given} by its name",
                               given=repr(include_top))  # fmt: skip
        if pooling not in POOLING:
            raise NetworkError("pooling is None, avg or max, got {pooling}", pooling=repr(pooling))
        if weights == "imagenet" and include_top and classes != self.entry.classes:
            raise NetworkError(
                "the weights of imagenet are for {known} classes, got classes={classes}; take include_top=False and "
                "add a Dense layer of your own",
                known=self.entry.classes,
                classes=classes,
            )

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 3 or None in shape:
            raise NetworkError("input_shape is (rows, columns, channels), got {shape}", shape=repr(shape))
        if min(shape[:2]) < self.entry.least:
            raise NetworkError(
                "{name} needs pictures of at least {least}x{least}, got {height}x{width}",
                name=self.entry.name, least=self.entry.least, height=shape[0], width=shape[1],
            )  # fmt: skip


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """The likeliest classes of ImageNet for each row of probabilities (N, 1000): (WordNet's number, name, score).

    Raises:
        NetworkError: the rows have another length.
    """
    from glasshouse.networks.imagenet import imagenet_classes

    rows, names = np.asarray(preds), imagenet_classes()
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise NetworkError(
            "decode_predictions takes rows of {count} probabilities, got {shape}; it reads what a network with "
            'include_top=True and weights="imagenet" gives',
            count=len(names),
            shape=repr(rows.shape),
        )
    return [[(*names[k], float(row[k])) for k in np.argsort(-row, kind="stable")[:top]] for row in rows]


def _features(x: Symbol) -> Symbol:
    """What comes before the layers that know the classes: the last pictures, (C, H, W)."""
    while not isinstance(x.layer, GlobalAveragePooling2D | AdaptiveAveragePooling2D):
        (x,) = x.inputs
    return x.inputs[0]


def _pooled(x: Symbol, pooling: str | None) -> Symbol:
    kind = POOLING[pooling]
    return x if kind is None else kind()(x)


def _with_keras_names(net: Any) -> Any:
    """VGG with the names that Keras' readers freeze and thaw by: block5_conv1."""
    if not net.name.startswith("VGG"):
        return net
    layers: list[Layer] = []
    block, conv, dense = 1, 0, 0
    for layer in net.layers:
        if isinstance(layer, Conv2D):
            conv += 1
            layers.append(replace(layer, name=f"block{block}_conv{conv}"))
        elif isinstance(layer, MaxPooling2D):
            layers.append(replace(layer, name=f"block{block}_pool"))
            block, conv = block + 1, 0
        elif isinstance(layer, Flatten):
            layers.append(replace(layer, name="flatten"))
        elif isinstance(layer, Dense):
            dense += 1
            layers.append(replace(layer, name="predictions" if dense == 3 else f"fc{dense}"))
        else:
            layers.append(layer)
    return type(net)(layers, input_shape=net.input_shape[1:], name=net.name)


def _take(model: Model, entry: Entry, weights: str, classes: int | None, shape: tuple[int, ...]) -> None:
    """Give the model its weights: those of a torch module that the catalogue builds and fills."""
    from glasshouse.networks.build import build  # loads torch
    from glasshouse.networks.weights import load_weights

    height, width, channels = shape
    built = build(entry.name, classes or entry.classes, channels, width, height)
    load_weights(built, "pretrained" if weights == "imagenet" else weights)
    state = built.module.state_dict()
    names = layer_order(name for name in state if not name.endswith("num_batches_tracked"))
    take_weights(model, {name: state[name] for name in names[: len(model.weights())]})
