"""InceptionV3: large windows taken apart into small and into narrow ones, 7x7 into 1x7 and 7x1."""

from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Concatenate
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D

from .blocks import Size, norm, padded

__all__ = ["inception_v3"]


def _unit(x: Symbol, filters: int, kernel: Size, strides: int = 1, padding: str = "same") -> Symbol:
    x = Conv2D(filters, kernel, strides, padding, use_bias=False, kernel_initializer="he_normal")(x)
    return norm(x, epsilon=1e-3)


def _units(x: Symbol, *parts: tuple[int, Size]) -> Symbol:
    for filters, kernel in parts:
        x = _unit(x, filters, kernel)
    return x


def _pooled(x: Symbol, filters: int) -> Symbol:
    """The mean of 3x3 pixels, where zeros around count as pixels, as in the published weights."""
    return _unit(AveragePooling2D(3, strides=1)(padded(x, 1)), filters, 1)


def _block_a(x: Symbol, pooled: int) -> Symbol:
    fives = _units(x, (48, 1), (64, 5))
    threes = _units(x, (64, 1), (96, 3), (96, 3))
    return Concatenate()([_unit(x, 64, 1), fives, threes, _pooled(x, pooled)])


def _block_b(x: Symbol) -> Symbol:
    """35x35 to 17x17."""
    threes = _unit(_units(x, (64, 1), (96, 3)), 96, 3, 2, "valid")
    return Concatenate()([_unit(x, 384, 3, 2, "valid"), threes, MaxPooling2D(3, strides=2)(x)])


def _block_c(x: Symbol, n: int) -> Symbol:
    once = _units(x, (n, 1), (n, (1, 7)), (192, (7, 1)))
    twice = _units(x, (n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7)))
    return Concatenate()([_unit(x, 192, 1), once, twice, _pooled(x, 192)])


def _block_d(x: Symbol) -> Symbol:
    """17x17 to 8x8."""
    threes = _unit(_unit(x, 192, 1), 320, 3, 2, "valid")
    sevens = _unit(_units(x, (192, 1), (192, (1, 7)), (192, (7, 1))), 192, 3, 2, "valid")
    return Concatenate()([threes, sevens, MaxPooling2D(3, strides=2)(x)])


def _block_e(x: Symbol) -> Symbol:
    a = _unit(x, 384, 1)
    b = _units(x, (448, 1), (384, 3))
    threes = Concatenate()([_unit(a, 384, (1, 3)), _unit(a, 384, (3, 1))])
    fives = Concatenate()([_unit(b, 384, (1, 3)), _unit(b, 384, (3, 1))])
    return Concatenate()([_unit(x, 320, 1), threes, fives, _pooled(x, 192)])


def inception_v3(input_shape: tuple[int, ...] = (299, 299, 3), classes: int = 1000, seed: int = 0) -> Network:
    """InceptionV3 without the side head of training, as torchvision has it; 23,834,568 weights that are learned.

    Source: Szegedy and others 2015, arXiv 1512.00567.
    """
    start = Input(input_shape)
    x = _unit(_unit(start, 32, 3, 2, "valid"), 32, 3, 1, "valid")
    x = MaxPooling2D(3, strides=2)(_unit(x, 64, 3))
    x = _unit(_unit(x, 80, 1, 1, "valid"), 192, 3, 1, "valid")
    x = MaxPooling2D(3, strides=2)(x)
    for pooled in (32, 64, 64):
        x = _block_a(x, pooled)
    x = _block_b(x)
    for filters in (128, 160, 160, 192):
        x = _block_c(x, filters)
    x = _block_e(_block_e(_block_d(x)))
    x = Dropout(0.5)(GlobalAveragePooling2D()(x))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="InceptionV3")
