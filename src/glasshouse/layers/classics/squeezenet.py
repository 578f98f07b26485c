"""SqueezeNet: 1x1 convolutions squeeze the channels before 3x3 ones see them; 50 times fewer weights than AlexNet."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Concatenate
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import GlobalAveragePooling2D

from .blocks import halved

__all__ = ["squeezenet"]

# squeezed and expanded channels of each block; None: halve the picture
FIRES = ((16, 64), (16, 64), (32, 128), None, (32, 128), (48, 192), (48, 192), (64, 256), None, (64, 256))


def _fire(x: Symbol, squeezed: int, expanded: int) -> Symbol:
    x = Conv2D(squeezed, 1, activation="relu")(x)
    one = Conv2D(expanded, 1, activation="relu")(x)
    three = Conv2D(expanded, 3, padding="same", activation="relu")(x)
    return Concatenate()([one, three])


def squeezenet(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """SqueezeNet 1.0; 1,248,424 parameters. The last convolution, 1x1, is a dense layer behind the mean: the same.

    Source: Iandola and others 2016, arXiv 1602.07360.
    """
    start = Input(input_shape)
    x = halved(Conv2D(96, 7, 2, activation="relu")(start))
    for fire in FIRES:
        x = halved(x) if fire is None else _fire(x, *fire)
    x = GlobalAveragePooling2D()(Dropout(0.5)(x))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="SqueezeNet")
