"""``dezero.functions``. The ``*_simple`` forms of the book's middle steps give the same numbers as the others."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import functions
from glasshouse.autodiff.core import Function, Variable, as_variable
from glasshouse.autodiff.functions import *
from glasshouse.autodiff.functions import (
    conv2d,
    linear,
    mean_squared_error,
    pooling,
    sigmoid,
    softmax,
    softmax_cross_entropy,
)

__all__ = ["Function", "Variable", "as_variable", "conv2d_simple", "linear_simple", "mean_squared_error_simple",
           "pooling_simple", "sigmoid_simple", "softmax_cross_entropy_simple", "softmax_simple"]  # fmt: skip
__all__ += functions.__all__

conv2d_simple, pooling_simple = conv2d, pooling
linear_simple, sigmoid_simple, softmax_simple = linear, sigmoid, softmax
mean_squared_error_simple, softmax_cross_entropy_simple = mean_squared_error, softmax_cross_entropy
