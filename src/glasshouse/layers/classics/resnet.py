"""ResNet: each block learns what to add to its input, so that a hundred layers can be trained."""

from glasshouse.layers.activations import Activation
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Add
from glasshouse.layers.network import Network
from glasshouse.layers.pooling import GlobalAveragePooling2D, MaxPooling2D

from .blocks import conv_bn, padded

__all__ = ["resnet18", "resnet34", "resnet50"]

FILTERS = (64, 128, 256, 512)


def resnet18(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """ResNet18; 11,689,512 weights that are learned. Source: He and others 2015, arXiv 1512.03385."""
    return _resnet("ResNet18", (2, 2, 2, 2), False, input_shape, classes, seed)


def resnet34(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """ResNet34; 21,797,672 weights that are learned. Source: He and others 2015, arXiv 1512.03385."""
    return _resnet("ResNet34", (3, 4, 6, 3), False, input_shape, classes, seed)


def resnet50(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """ResNet50 with the stride in the 3x3 convolution (version 1.5); 25,557,032 weights that are learned.

    Source: He and others 2015, arXiv 1512.03385.
    """
    return _resnet("ResNet50", (3, 4, 6, 3), True, input_shape, classes, seed)


def _basic(x: Symbol, filters: int, strides: int) -> Symbol:
    y = conv_bn(x, filters, 3, strides)
    y = conv_bn(y, filters, 3, activation=None)
    shortcut = x if strides == 1 and x.engine_shape[0] == filters else conv_bn(x, filters, 1, strides, None)
    return Activation("relu")(Add()([y, shortcut]))


def _bottleneck(x: Symbol, filters: int, strides: int) -> Symbol:
    y = conv_bn(x, filters, 1)
    y = conv_bn(y, filters, 3, strides)
    y = conv_bn(y, 4 * filters, 1, activation=None)
    shortcut = x if strides == 1 and x.engine_shape[0] == 4 * filters else conv_bn(x, 4 * filters, 1, strides, None)
    return Activation("relu")(Add()([y, shortcut]))


def _resnet(
    name: str, depths: tuple[int, ...], deep: bool, input_shape: tuple[int, ...], classes: int, seed: int
) -> Network:
    start = Input(input_shape)
    x = conv_bn(start, 64, 7, strides=2)
    x = MaxPooling2D(3, strides=2)(padded(x, 1))  # zeros never win: after ReLU nothing is below them
    for filters, depth in zip(FILTERS, depths):
        for number in range(depth):
            strides = 2 if number == 0 and filters > 64 else 1
            x = (_bottleneck if deep else _basic)(x, filters, strides)
    x = GlobalAveragePooling2D()(x)
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name=name)
