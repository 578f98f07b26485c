"""The names that the book's readers import from ``dezero.utils``; each lives where its subject is."""

from .cuda import as_numpy
from .geometry import get_conv_outsize, get_deconv_outsize, pair
from .gradcheck import gradient_check, numerical_grad
from .graph import get_dot_graph, plot_dot_graph
from .sums import array_allclose, array_equal, logsumexp, reshape_sum_backward, sum_to

__all__ = [
    "array_allclose", "array_equal", "as_numpy", "get_conv_outsize", "get_deconv_outsize", "get_dot_graph",
    "gradient_check", "logsumexp", "numerical_grad", "pair", "plot_dot_graph", "reshape_sum_backward", "sum_to",
]  # fmt: skip
