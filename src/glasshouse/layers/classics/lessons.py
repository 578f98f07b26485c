"""The networks of a well-known course: one hidden layer, four convolutions for dogs and cats, a small Xception."""

from glasshouse.layers.convolution import Conv2D, SeparableConv2D
from glasshouse.layers.dense import Dense, Flatten
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Layer, Symbol
from glasshouse.layers.merging import Add
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import GlobalAveragePooling2D, MaxPooling2D

from .blocks import norm

__all__ = ["convnet4", "dense128", "mini_xception"]


def dense128(input_shape: tuple[int, ...] = (28, 28, 1), classes: int = 10, seed: int = 0) -> Network:
    """Pixels, 128 units, classes; 101,770 parameters. Source: Chollet 2017, Deep Learning with Python, section 2.1."""
    return Network(
        [Flatten(), Dense(128, activation="relu"), Dense(classes, activation="softmax")],
        input_shape=input_shape,
        seed=seed,
        name="Dense128",
    )


def convnet4(input_shape: tuple[int, ...] = (150, 150, 3), classes: int = 2, seed: int = 0) -> Network:
    """Four convolutions, each pooled; 3,453,634 parameters. Source: Chollet 2017, section 5.2."""
    layers: list[Layer] = []
    for filters in (32, 64, 128, 128):
        layers += [Conv2D(filters, 3, activation="relu"), MaxPooling2D()]
    layers += [Flatten(), Dropout(0.5), Dense(512, activation="relu"), Dense(classes, activation="softmax")]
    return Network(layers, input_shape=input_shape, seed=seed, name="ConvNet4")


def mini_xception(
    input_shape: tuple[int, ...] = (180, 180, 3), classes: int = 2, strides: int = 1, seed: int = 0
) -> Network:
    """Five blocks of separable convolutions with shortcuts; 721,000 parameters. For few pictures, from scratch.

    ``strides=2`` halves the pictures in the first convolution, a quarter of the work, which the book does not do;
    and the moving means forget faster (momentum 0.9 instead of 0.99), so that few steps suffice.
    Source: Chollet 2021, Deep Learning with Python, 2nd edition, section 9.3.5.
    """
    start = Input(input_shape)
    x = Conv2D(32, 5 if min(input_shape[:2]) > 64 else 3, strides, padding="same", use_bias=False)(start)
    for filters in (32, 64, 128, 256, 512):
        x = _mini_block(x, filters)
    x = Dropout(0.5)(GlobalAveragePooling2D()(x))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="MiniXception")


def _mini_block(x: Symbol, filters: int) -> Symbol:
    """Normalisation, ReLU, separable convolution, twice; pooled by 2, beside a 1x1 convolution with stride 2."""
    y = x
    for _ in range(2):
        y = norm(y)
        y = SeparableConv2D(filters, 3, padding="same", use_bias=False)(y)
    y = MaxPooling2D(3, strides=2, padding="same")(y)
    return Add()([y, Conv2D(filters, 1, 2, padding="same", use_bias=False)(x)])
