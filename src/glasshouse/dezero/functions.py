"""``dezero.functions``. The ``*_simple`` forms of the book's middle steps give the same numbers as the others."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from typing import TYPE_CHECKING

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
from glasshouse.errors import no_such_name

from .hints import FUNCTIONS

__all__ = ["Function", "Variable", "as_variable", "conv2d_simple", "linear_simple", "mean_squared_error_simple",
           "pooling_simple", "sigmoid_simple", "softmax_cross_entropy_simple", "softmax_simple"]  # fmt: skip
__all__ += functions.__all__

conv2d_simple, pooling_simple = conv2d, pooling
linear_simple, sigmoid_simple, softmax_simple = linear, sigmoid, softmax
mean_squared_error_simple, softmax_cross_entropy_simple = mean_squared_error, softmax_cross_entropy


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, FUNCTIONS)
