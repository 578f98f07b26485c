"""GoogLeNet: Inception blocks look at several sizes at once, and join what they see."""

from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Concatenate
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import GlobalAveragePooling2D, MaxPooling2D

from .blocks import Size, conv, halved, norm

__all__ = ["googlenet"]

# filters of a block: 1x1, before 3x3, 3x3, before the second 3x3, second 3x3, after the pool; None: halve the picture
BLOCKS: tuple[tuple[int, ...] | None, ...] = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    None,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    None,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


def _unit(x: Symbol, filters: int, kernel: Size, strides: int = 1) -> Symbol:
    return norm(conv(x, filters, kernel, strides), epsilon=1e-3)


def _inception(x: Symbol, one: int, before: int, three: int, before2: int, second: int, pooled: int) -> Symbol:
    return Concatenate()(
        [
            _unit(x, one, 1),
            _unit(_unit(x, before, 1), three, 3),
            _unit(_unit(x, before2, 1), second, 3),  # 5x5 in the paper; 3x3 in the weights that are in use
            _unit(MaxPooling2D(3, strides=1, padding="same")(x), pooled, 1),
        ]
    )


def googlenet(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """GoogLeNet with batch normalisation, without the side heads of training, as torchvision has it; 6,624,904 learned.

    Source: Szegedy and others 2014, arXiv 1409.4842.
    """
    start = Input(input_shape)
    x = halved(_unit(start, 64, 7, 2))
    x = _unit(_unit(x, 64, 1), 192, 3)
    x = halved(x)
    for number, filters in enumerate(BLOCKS):
        if filters is None:
            x = halved(x) if number < 5 else MaxPooling2D(2, padding="same")(x)
        else:
            x = _inception(x, *filters)
    x = Dropout(0.2)(GlobalAveragePooling2D()(x))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="GoogLeNet")
