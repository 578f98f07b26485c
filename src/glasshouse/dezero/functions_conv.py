"""``dezero.functions_conv``."""

from typing import TYPE_CHECKING

from glasshouse.autodiff.columns import col2im, im2col
from glasshouse.autodiff.convolution import conv2d, deconv2d
from glasshouse.autodiff.pooling import average_pooling, pooling
from glasshouse.errors import no_such_name

from .functions import conv2d_simple, pooling_simple
from .hints import FUNCTIONS_CONV

__all__ = [
    "average_pooling", "col2im", "conv2d", "conv2d_simple", "deconv2d", "im2col", "pooling", "pooling_simple",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, FUNCTIONS_CONV)
