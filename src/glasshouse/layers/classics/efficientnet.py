"""EfficientNet-Lite0: MobileNetV2's blocks in sizes found by search, without what phones compute slowly."""

from glasshouse.layers.convolution import Conv2D, DepthwiseConv2D
from glasshouse.layers.dense import Dense
from glasshouse.layers.graph import Input
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import Add
from glasshouse.layers.network import Network
from glasshouse.layers.pooling import GlobalAveragePooling2D

from .blocks import norm

__all__ = ["efficientnet_lite0"]

EPSILON = 1e-3  # as in TensorFlow, where it was trained
# expansion, filters, number of blocks, stride of the first, kernel
BLOCKS = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)  # fmt: skip


def _conv(x: Symbol, filters: int, kernel: int, strides: int = 1, activation: str | None = "relu6") -> Symbol:
    """Padded as in TensorFlow: the odd row and column of zeros at the bottom and on the right."""
    y = Conv2D(filters, kernel, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return norm(y, activation, EPSILON)


def _inverted(x: Symbol, expansion: int, filters: int, strides: int, kernel: int) -> Symbol:
    """Wide inside, narrow outside, with a shortcut between the narrow ends."""
    channels = x.engine_shape[0]
    y = x if expansion == 1 else _conv(x, expansion * channels, 1)
    y = DepthwiseConv2D(kernel, strides, padding="same", use_bias=False, depthwise_initializer="he_normal")(y)
    y = _conv(norm(y, "relu6", EPSILON), filters, 1, activation=None)
    return Add()([y, x]) if strides == 1 and channels == filters else y


def efficientnet_lite0(input_shape: tuple[int, ...] = (224, 224, 3), classes: int = 1000, seed: int = 0) -> Network:
    """EfficientNet-Lite0, as timm has TensorFlow's; 4,652,008 weights that are learned.

    Source: Tan and Le 2019, arXiv 1905.11946; Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite".
    """
    start = Input(input_shape)
    x = _conv(start, 32, 3, 2)
    for expansion, filters, count, strides, kernel in BLOCKS:
        for number in range(count):
            x = _inverted(x, expansion, filters, strides if number == 0 else 1, kernel)
    x = GlobalAveragePooling2D()(_conv(x, 1280, 1))
    return Network(start, Dense(classes, activation="softmax")(x), seed=seed, name="EfficientNetLite0")
