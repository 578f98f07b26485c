"""MobileNet: convolutions taken apart into one for each channel and one across channels; it fits a telephone."""

from glasshouse.layers.convolution import DepthwiseConv2D
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Add
from glasshouse.layers.network import Network
from glasshouse.layers.normalization import Dropout
from glasshouse.layers.pooling import GlobalAveragePooling2D

from .blocks import conv_bn, norm, padded

__all__ = ["mobilenet", "mobilenet_v2"]

# filters and stride of each block
V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *(((512, 1),) * 5), (1024, 2), (1024, 1))
# expansion, filters, number of blocks, stride of the first
V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def _depthwise(x: Symbol, strides: int) -> Symbol:
    y = DepthwiseConv2D(3, strides, use_bias=False, depthwise_initializer="he_normal")(padded(x, 1))
    return norm(y, "relu6")


def mobilenet(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """MobileNet, as timm has it; 4,231,976 weights that are learned.

    Source: Howard and others 2017, arXiv 1704.04861.
    """
    start = Input(input_shape)
    x = conv_bn(start, 32, 3, 2, "relu6")
    for filters, strides in V1:
        x = conv_bn(_depthwise(x, strides), filters, 1, activation="relu6")
    x = GlobalAveragePooling2D()(x)
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="MobileNet")


def _inverted(x: Symbol, expansion: int, filters: int, strides: int) -> Symbol:
    """Wide inside, narrow outside, with a shortcut between the narrow ends."""
    channels = x.engine_shape[0]
    y = x if expansion == 1 else conv_bn(x, expansion * channels, 1, activation="relu6")
    y = conv_bn(_depthwise(y, strides), filters, 1, activation=None)
    return Add()([x, y]) if strides == 1 and channels == filters else y


def mobilenet_v2(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """MobileNetV2; 3,504,872 weights that are learned. Source: Sandler and others 2018, arXiv 1801.04381."""
    start = Input(input_shape)
    x = conv_bn(start, 32, 3, 2, "relu6")
    for expansion, filters, count, strides in V2:
        for number in range(count):
            x = _inverted(x, expansion, filters, strides if number == 0 else 1)
    x = conv_bn(x, 1280, 1, activation="relu6")
    x = Dropout(0.2)(GlobalAveragePooling2D()(x))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="MobileNetV2")
