"""What several classics repeat: a convolution without bias, batch normalisation, ReLU; padded evenly, as in torch.

The numbers of batch normalisation are those of the published weights (torch's): momentum 0.9, epsilon 1e-5, and a
moving variance with n - 1.
"""

from glasshouse.layers.activations import Activation
from glasshouse.layers.convolution import Conv2D
from glasshouse.layers.layer import Symbol
from glasshouse.layers.merging import ZeroPadding2D
from glasshouse.layers.normalization import BatchNormalization
from glasshouse.layers.pooling import MaxPooling2D

__all__ = ["Size", "conv", "conv_bn", "halved", "norm", "padded"]

Size = int | tuple[int, int]


def padded(x: Symbol, rows: int, columns: int | None = None) -> Symbol:
    """Zeros around, the same on both sides; nothing if none are wanted."""
    pad = (rows, rows if columns is None else columns)
    return ZeroPadding2D(pad)(x) if any(pad) else x


def conv(x: Symbol, filters: int, kernel: Size, strides: int = 1, bias: bool = False) -> Symbol:
    """A convolution that keeps the size at stride 1 and halves even sizes at stride 2."""
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    if strides == 1:
        return Conv2D(filters, kernel, padding="same", use_bias=bias, kernel_initializer="he_normal")(x)
    x = padded(x, rows // 2, columns // 2)
    return Conv2D(filters, kernel, strides, use_bias=bias, kernel_initializer="he_normal")(x)


def norm(x: Symbol, activation: str | None = "relu", epsilon: float = 1e-5) -> Symbol:
    """Batch normalisation and an activation."""
    x = BatchNormalization(momentum=0.9, epsilon=epsilon, unbiased=True)(x)
    return Activation(activation)(x) if activation else x


def conv_bn(x: Symbol, filters: int, kernel: Size, strides: int = 1, activation: str | None = "relu") -> Symbol:
    """Convolution, batch normalisation, activation."""
    return norm(conv(x, filters, kernel, strides), activation)


def halved(x: Symbol) -> Symbol:
    """Windows of 3 at stride 2; if the last one would be over the edge, it counts: 8 gives 4, 7 gives 3."""
    _, H, W = x.engine_shape
    edges = ((0, 1 - H % 2), (0, 1 - W % 2))  # zeros never win: after ReLU nothing is below them
    return MaxPooling2D(3, strides=2)(ZeroPadding2D(edges)(x) if any(map(any, edges)) else x)
