"""``dezero.functions_conv``."""

from glasshouse.autodiff.columns import col2im, im2col
from glasshouse.autodiff.convolution import conv2d, deconv2d
from glasshouse.autodiff.pooling import average_pooling, pooling

from .functions import conv2d_simple, pooling_simple

__all__ = [
    "average_pooling", "col2im", "conv2d", "conv2d_simple", "deconv2d", "im2col", "pooling", "pooling_simple",
]  # fmt: skip
