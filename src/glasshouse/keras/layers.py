"""``keras.layers``: the layers of `glasshouse.layers`, which here also take ``input_shape``, ``input_dim`` and
``trainable``, and Keras' other names for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from glasshouse import layers
from glasshouse.errors import NetworkError, no_such_name
from glasshouse.layers import LAYERS, Layer, Symbol

from .hints import LAYERS as INSTEAD

__all__ = [
    "ELU", "Activation", "Add", "Average", "AveragePooling2D", "AvgPool2D", "BatchNormalization", "Concatenate",
    "Conv2D", "Conv2DTranspose", "Convolution2D", "Convolution2DTranspose", "Cropping2D", "Dense",
    "DepthwiseConv2D", "Dropout", "Embedding", "Flatten", "GaussianNoise", "GlobalAveragePooling2D",
    "GlobalAvgPool2D", "GlobalMaxPool2D", "GlobalMaxPooling2D", "Input", "InputLayer", "Layer",
    "LayerNormalization", "LeakyReLU", "MaxPool2D", "MaxPooling2D", "Maximum", "Multiply", "RandomBrightness",
    "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU", "Rescaling",
    "Reshape", "SeparableConv2D", "Softmax", "SpatialDropout2D", "Subtract", "UpSampling2D", "ZeroPadding2D", "add",
    "average", "concatenate", "given_shape", "maximum", "multiply", "subtract",
]  # fmt: skip

L = TypeVar("L", bound=type[Layer])


USUAL: Mapping[str, tuple[Any, ...]] = {  # words of Keras that change nothing, with the values they may have here
    "activity_constraint": (None,), "autocast": (True, None), "axis": (-1, 3, None), "bias_constraint": (None,),
    "data_format": (None, "channels_last"), "dtype": (None, "float32"), "kernel_constraint": (None,),
}  # fmt: skip


class _KerasKind(type(Layer)):  # type: ignore[misc]  # a metaclass is made of another
    """The class of layers of this module: a layer of the same kind that level 3 made is one of them, too."""

    def __instancecheck__(cls, layer: object) -> bool:
        return issubclass(layer.__class__, cls.__mro__[1])


def _without_usual(kind: type[Layer], named: dict[str, Any]) -> dict[str, Any]:
    """Leave out words that change nothing, and say Keras' older ones in today's.

    Raises:
        NetworkError: a word has a value that there is none of here.
    """
    own = {part.name for part in fields(cast(Any, kind))}
    for word in [word for word in named if word in USUAL and word not in own]:
        value = named.pop(word)
        if value not in USUAL[word]:
            usual = repr(USUAL[word][-1])
            raise NetworkError("{kind} has {word}={usual} here and no other, got {value}",
                               kind=kind.__name__, word=word, usual=usual, value=repr(value))  # fmt: skip
    if kind is layers.LeakyReLU and "alpha" in named:
        named["negative_slope"] = named.pop("alpha")
    if kind is layers.Embedding:
        named.pop("input_length", None)
    return named


def _as_keras(kind: L) -> L:
    """The same layer, which may also say what comes in, as the first layer of a Sequential does in Keras."""

    def start(
        self: Layer, *settings: Any, input_shape: Sequence[int] | None = None, input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None, trainable: bool = True, **named: Any,
    ) -> None:  # fmt: skip
        kind.__init__(self, *settings, **_without_usual(kind, named))
        if batch_input_shape is not None:
            input_shape = cast(Sequence[int], tuple(batch_input_shape)[1:])
        shape = (input_dim,) if input_dim is not None else input_shape
        self.__dict__["_given_shape"] = None if shape is None else tuple(shape)
        if not trainable:
            self.trainable = False

    words = {"__init__": start, "__doc__": kind.__doc__, "__module__": __name__, "__qualname__": kind.__name__}
    return cast(L, _KerasKind(kind.__name__, (kind,), words))


def given_shape(layer: object) -> tuple[int, ...] | None:
    """The shape that a layer was told to expect, without N; None if it was not told."""
    return cast("tuple[int, ...] | None", getattr(layer, "_given_shape", None))


Activation = _as_keras(layers.Activation)
Add = _as_keras(layers.Add)
Average = _as_keras(layers.Average)
AveragePooling2D = AvgPool2D = _as_keras(layers.AveragePooling2D)
BatchNormalization = _as_keras(layers.BatchNormalization)
Concatenate = _as_keras(layers.Concatenate)
Conv2D = Convolution2D = _as_keras(layers.Conv2D)
Cropping2D = _as_keras(layers.Cropping2D)
Dense = _as_keras(layers.Dense)
DepthwiseConv2D = _as_keras(layers.DepthwiseConv2D)
Dropout = _as_keras(layers.Dropout)
Conv2DTranspose = Convolution2DTranspose = _as_keras(layers.Conv2DTranspose)
ELU = _as_keras(layers.ELU)
Embedding = _as_keras(layers.Embedding)
Flatten = _as_keras(layers.Flatten)
GaussianNoise = _as_keras(layers.GaussianNoise)
GlobalAveragePooling2D = GlobalAvgPool2D = _as_keras(layers.GlobalAveragePooling2D)
GlobalMaxPooling2D = GlobalMaxPool2D = _as_keras(layers.GlobalMaxPooling2D)
LayerNormalization = _as_keras(layers.LayerNormalization)
LeakyReLU = _as_keras(layers.LeakyReLU)
MaxPooling2D = MaxPool2D = _as_keras(layers.MaxPooling2D)
Maximum = _as_keras(layers.Maximum)
Multiply = _as_keras(layers.Multiply)
RandomBrightness = _as_keras(layers.RandomBrightness)
RandomContrast = _as_keras(layers.RandomContrast)
RandomFlip = _as_keras(layers.RandomFlip)
RandomRotation = _as_keras(layers.RandomRotation)
RandomTranslation = _as_keras(layers.RandomTranslation)
RandomZoom = _as_keras(layers.RandomZoom)
ReLU = _as_keras(layers.ReLU)
Rescaling = _as_keras(layers.Rescaling)
Reshape = _as_keras(layers.Reshape)
SeparableConv2D = _as_keras(layers.SeparableConv2D)
Softmax = _as_keras(layers.Softmax)
SpatialDropout2D = _as_keras(layers.SpatialDropout2D)
Subtract = _as_keras(layers.Subtract)
UpSampling2D = _as_keras(layers.UpSampling2D)
ZeroPadding2D = _as_keras(layers.ZeroPadding2D)


def Input(  # noqa: N802
    shape: Sequence[int] | None = None, *, batch_shape: Sequence[Any] | None = None,
          name: str | None = None, **other: Any,
) -> Symbol:  # fmt: skip
    """Where arrays come in. shape of one sample, without N.

    Raises:
        NetworkError: no shape, or an argument of Keras that has no meaning here.
    """
    other.pop("dtype", None)  # numbers are float32 here
    if other or (shape is None and batch_shape is None):
        raise NetworkError(
            "Input takes shape=(rows, columns, channels) and name, got {given}", given=", ".join(other) or "no shape"
        )
    return layers.Input(tuple(batch_shape)[1:] if shape is None and batch_shape is not None else shape or (), name=name)


def InputLayer(  # noqa: N802
    input_shape: Sequence[int] | None = None, *, shape: Sequence[int] | None = None, name: str | None = None,
    **other: Any,
) -> Symbol:  # fmt: skip
    """As `Input`, in the words of a layer: ``InputLayer(input_shape=(28, 28, 1))``."""
    return Input(input_shape if shape is None else shape, name=name, **other)


def _merging(kind: str) -> Any:
    def merged(inputs: Sequence[Symbol], **settings: Any) -> Symbol:
        return LAYERS[kind](**settings)(list(inputs))

    merged.__name__, merged.__doc__ = kind.lower(), f"The Symbol that {kind}() makes of several."
    return merged


add, average, concatenate = _merging("Add"), _merging("Average"), _merging("Concatenate")
maximum, multiply, subtract = _merging("Maximum"), _merging("Multiply"), _merging("Subtract")


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, INSTEAD)
