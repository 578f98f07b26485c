"""Shapes and windows. Inside a network pictures are (C, H, W), whatever the layout of the arrays that are given.

N batch, C channels, H, W, K classes; a shape leaves out N.
"""

from typing import TypeAlias

import numpy as np

from glasshouse.errors import NetworkError

__all__ = [
    "Pads",
    "Shape",
    "between",
    "from_layout",
    "picture",
    "shares",
    "tapped",
    "text",
    "to_layout",
    "window_pads",
    "windowed",
]

Shape: TypeAlias = tuple[int, ...]
Pads: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right))


def to_layout(shape: Shape, channels_last: bool) -> Shape:
    """The shape as the outside sees it: (C, H, W) becomes (H, W, C) where channels come last."""
    return (*shape[1:], shape[0]) if channels_last and len(shape) == 3 else shape


def from_layout(shape: Shape, channels_last: bool) -> Shape:
    """The shape as the inside sees it: (H, W, C) becomes (C, H, W)."""
    return (shape[-1], *shape[:-1]) if channels_last and len(shape) == 3 else shape


def text(shape: Shape) -> str:
    """A shape in words: 28x28x1."""
    return "x".join(map(str, shape))


def picture(shape: Shape, who: str) -> tuple[int, int, int]:
    """The shape (C, H, W), or an error that says who needs pictures."""
    if len(shape) != 3:
        raise NetworkError(
            "{who} works on pictures (height, width, channels), got a shape of {shape} axes, {shape2}; put it "
            "before Flatten, or a Reshape before it",
            who=who,
            shape=len(shape),
            shape2=text(shape),
        )
    return shape[0], shape[1], shape[2]


def window_pads(size: tuple[int, int], kernel: tuple[int, int], strides: tuple[int, int], padding: str) -> Pads:
    """How much to pad: nothing for valid; for same what makes ceil(size / stride) outputs, the odd one at the end.

    Source: Keras and TensorFlow. At stride 2 the two sides may differ: a picture of 4 with a kernel of 3 gets (0, 1).
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    (top, bottom), (left, right) = (_same(n, k, s) for n, k, s in zip(size, kernel, strides))
    return (top, bottom), (left, right)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def windowed(size: tuple[int, int], kernel: tuple[int, int], strides: tuple[int, int], padding: str, who: str) -> Shape:
    """The number of windows in each direction."""
    pads = window_pads(size, kernel, strides, padding)
    found = tuple((n + sum(p) - k) // s + 1 for n, p, k, s in zip(size, pads, kernel, strides))
    if min(found) < 1:
        raise NetworkError(
            '{who} has a window of {kernel}, but what comes in is only {size}; take padding="same", a smaller '
            "window, larger pictures, or one layer less that shrinks them",
            who=who,
            kernel=text(kernel),
            size=text(size),
        )
    return found


def tapped(size: tuple[int, int], kernel: tuple[int, int], strides: tuple[int, int], pads: Pads) -> np.ndarray:
    """How many pixels lie under each window, padding not counted: float32 (OH, OW)."""
    rows, columns = (
        np.array([min(start + k, p[0] + n) - max(start, p[0]) for start in range(0, n + sum(p) - k + 1, s)], np.float32)
        for n, k, s, p in zip(size, kernel, strides, pads)
    )
    return np.outer(rows, columns)


def between(size: int, times: int, bilinear: bool) -> np.ndarray:
    """What part each of ``size`` pixels has in each of ``times`` as many: float32 (size times, size).

    Pixel i lies at (i + ½) / times - ½; bilinear shares it out between its neighbours, else the nearest has it all.
    """
    places = ((np.arange(size * times) + 0.5) / times - 0.5).clip(0, size - 1)
    if not bilinear:
        return np.repeat(np.eye(size, dtype=np.float32), times, 0)
    found: np.ndarray = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size)))
    return found.astype(np.float32)


def shares(size: int, count: int) -> np.ndarray:
    """What part each of ``size`` pixels has in each of ``count`` means: from ⌊i size / count⌋ to before
    ⌈(i + 1) size / count⌉, as torch has it: float32 (count, size).
    """
    places = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
    found = np.zeros((count, size), np.float32)
    for i, (start, stop) in enumerate(places):
        found[i, start:stop] = 1 / (stop - start)
    return found
