"""Xception: Inception taken to its end, every convolution taken apart into one in space and one across channels."""

from glasshouse.layers.activations import Activation
from glasshouse.layers.convolution import Conv2D, SeparableConv2D
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Add
from glasshouse.layers.network import Network
from glasshouse.layers.pooling import GlobalAveragePooling2D, MaxPooling2D

from .blocks import conv_bn, norm

__all__ = ["xception"]


def _separable(x: Symbol, filters: int) -> Symbol:
    x = SeparableConv2D(
        filters, 3, padding="same", use_bias=False, depthwise_initializer="he_normal", pointwise_initializer="he_normal"
    )(x)
    return norm(x, activation=None)


def _block(x: Symbol, filters: tuple[int, ...], strides: int = 1, first_relu: bool = True) -> Symbol:
    """ReLU and separable convolution, once for each of the filters, beside a shortcut."""
    shortcut = x if strides == 1 else conv_bn(x, filters[-1], 1, strides, None)
    y = x
    for number, n in enumerate(filters):
        y = _separable(Activation("relu")(y) if number or first_relu else y, n)
    if strides > 1:  # every second window of those that are padded evenly; padding="same" at stride 2 is not even
        y = MaxPooling2D(1, strides=strides)(MaxPooling2D(3, strides=1, padding="same")(y))
    return Add()([shortcut, y])


def xception(input_shape: tuple[int, ...] = (299, 299, 3), classes: int = 1000, seed: int = 0) -> Network:
    """Xception, as timm has it; 22,855,952 weights that are learned. Source: Chollet 2017, arXiv 1610.02357."""
    start = Input(input_shape)
    x = norm(Conv2D(32, 3, 2, use_bias=False, kernel_initializer="he_normal")(start))
    x = norm(Conv2D(64, 3, use_bias=False, kernel_initializer="he_normal")(x))
    x = _block(x, (128, 128), 2, first_relu=False)
    x = _block(x, (256, 256), 2)
    x = _block(x, (728, 728), 2)
    for _ in range(8):
        x = _block(x, (728, 728, 728))
    x = _block(x, (728, 1024), 2)
    for filters in (1536, 2048):
        x = Activation("relu")(_separable(x, filters))
    x = GlobalAveragePooling2D()(x)
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="Xception")
