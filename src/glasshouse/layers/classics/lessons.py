"""The two networks of a well-known course: one hidden layer, and four convolutions for dogs and cats."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense, Flatten
from glasshouse.layers.layer import Layer
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import MaxPooling2D

__all__ = ["convnet4", "dense128"]


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
