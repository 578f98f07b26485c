"""Every function of the engine under one roof, for ``import glasshouse.autodiff.functions as F``."""
# ruff: noqa: A004  (sum, max, min, pow and abs are the names readers know)

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from .activation import leaky_relu, log_softmax, relu, relu6, sigmoid, softmax
from .arithmetic import add, div, mul, neg, pow, rdiv, rpow, rsub, sub
from .columns import col2im, im2col
from .comparison import absolute, clip, maximum, minimum, where
from .convolution import conv2d, deconv2d
from .elementary import cos, exp, log, sin, sqrt, tanh
from .embedding import embed_id
from .hints import FUNCTIONS
from .indexing import concatenate, get_item, pad
from .linear import linear, matmul
from .loss import (
    accuracy,
    binary_cross_entropy,
    mean_squared_error,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
)
from .normalization import batch_norm, batch_nrom, fixed_norm
from .pooling import average_pooling, global_average_pooling, pooling
from .reduction import average, broadcast_to, max, mean, min, sum, sum_to
from .regularization import dropout
from .shaping import expand_dims, flatten, reshape, transpose

__all__ = [
    "absolute", "accuracy", "add", "average", "average_pooling", "batch_norm", "batch_nrom", "binary_cross_entropy",
    "broadcast_to", "clip", "col2im", "concatenate", "conv2d", "cos", "deconv2d", "div", "dropout", "embed_id", "exp",
    "expand_dims", "fixed_norm", "flatten", "get_item", "global_average_pooling", "im2col", "leaky_relu", "linear",
    "log", "log_softmax", "matmul", "max", "maximum", "mean", "mean_squared_error", "min", "minimum", "mul", "neg",
    "pad", "pooling", "pow", "rdiv", "relu", "relu6", "reshape", "rpow", "rsub", "sigmoid", "sigmoid_cross_entropy",
    "sin", "softmax", "softmax_cross_entropy", "sqrt", "sub", "sum", "sum_to", "tanh", "transpose", "where",
]  # fmt: skip


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, FUNCTIONS)
