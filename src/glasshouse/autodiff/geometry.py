"""The geometry of a window that slides over a picture: kernel, stride, pad, dilation; sizes in and out.

H, W height and width of the picture; KH, KW of the kernel; SH, SW stride; PH, PW pad; DH, DW dilation.
"""

from typing import NamedTuple, TypeAlias

from .faults import ShapeError

__all__ = ["Pair", "Size", "Window", "get_conv_outsize", "get_deconv_outsize", "pair", "window"]

Pair: TypeAlias = tuple[int, int]
Size: TypeAlias = int | Pair


class Window(NamedTuple):
    """How a kernel slides; each is (vertical, horizontal)."""

    kernel: Pair
    stride: Pair = (1, 1)
    pad: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def out(self, size: Pair) -> Pair:
        """Output height and width for an input of `size`."""
        OH, OW = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(size, self.kernel, self.stride, self.pad, self.dilation)
        )
        if OH <= 0 or OW <= 0:
            raise ShapeError(
                "a kernel of {kernel} with pad {pad} and dilation {dilation} does not fit a picture of {size}; "
                "take a smaller kernel, more pad, or fewer pooling layers before it",
                kernel=self.kernel,
                pad=self.pad,
                dilation=self.dilation,
                size=size,
            )
        return OH, OW


def window(kernel: Size, stride: Size = 1, pad: Size = 0, dilation: Size = 1) -> Window:
    """A `Window` from numbers or pairs.

    >>> window(3, pad=1).out((28, 28))
    (28, 28)
    """
    w = Window(pair(kernel), pair(stride), pair(pad), pair(dilation))
    if min(*w.kernel, *w.stride, *w.dilation) < 1 or min(w.pad) < 0:
        raise ShapeError("kernel, stride and dilation start at 1 and pad at 0, got {w}", w=w)
    return w


def pair(x: Size) -> Pair:
    """A number twice, or a pair as it is.

    >>> pair(3), pair((3, 5))
    ((3, 3), (3, 5))
    """
    if isinstance(x, int):
        return x, x
    if isinstance(x, tuple | list) and len(x) == 2:
        return int(x[0]), int(x[1])
    raise ShapeError("expected a whole number or two of them (vertical, horizontal), got {x}", x=repr(x))


def get_conv_outsize(input_size: int, kernel_size: int, stride: int, pad: int) -> int:
    """Output length of a convolution: (H + 2 P - K) // S + 1.

    >>> get_conv_outsize(4, 3, 1, 1)
    4
    """
    return (input_size + 2 * pad - kernel_size) // stride + 1


def get_deconv_outsize(size: int, k: int, s: int, p: int) -> int:
    """Output length of a transposed convolution: S (H - 1) + K - 2 P.

    >>> get_deconv_outsize(4, 3, 2, 1)
    7
    """
    return s * (size - 1) + k - 2 * p
