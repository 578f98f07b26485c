"""Layers that join several inputs: Add, Subtract, Multiply, Average, Maximum, Concatenate; and ZeroPadding2D."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from glasshouse.errors import NetworkError

from .activations import inside_axis
from .engine import Engine, Run, T
from .layer import Layer
from .rules import axis, layer_class, pads, rule
from .shapes import Shape, from_layout, picture, text, to_layout

__all__ = ["Add", "Average", "Concatenate", "Cropping2D", "Maximum", "Multiply", "Subtract", "ZeroPadding2D"]


@layer_class
class _Merge(Layer):
    """What joins several inputs of one shape."""

    def shape(self, shapes: Sequence[Shape], channels_last: bool) -> Shape:
        outside = [to_layout(shape, channels_last) for shape in shapes]
        if len(shapes) < 2 or len(set(outside)) != 1:
            found = ", ".join(map(text, outside))
            raise NetworkError(
                "{who} takes two or more inputs of one shape, got {found}; write Add()([a, b])",
                who=self.who,
                found=found,
            )
        return shapes[0]


@layer_class
class Add(_Merge):
    """y = a + b + …"""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return reduce(lambda a, b: a + b, xs)


@layer_class
class Subtract(_Merge):
    """y = a - b."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return reduce(lambda a, b: a - b, xs)


@layer_class
class Multiply(_Merge):
    """y = a b …, element by element."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return reduce(lambda a, b: a * b, xs)


@layer_class
class Average(_Merge):
    """y = (a + b + …) / n."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return reduce(lambda a, b: a + b, xs) / len(xs)


@layer_class
class Maximum(_Merge):
    """y = the largest of a, b, …, element by element."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return reduce(F.maximum, xs)


@layer_class
class Concatenate(Layer):
    """Inputs joined along an axis: the last one by default, the channels of channels_last arrays."""

    axis: int = rule(axis, default=-1)

    def shape(self, shapes: Sequence[Shape], channels_last: bool) -> Shape:
        outside = [to_layout(shape, channels_last) for shape in shapes]
        place = self.axis - 1 if self.axis > 0 else self.axis + len(outside[0])
        rest = {(*shape[:place], *shape[place + 1 :]) for shape in outside}
        if len(shapes) < 2 or len(rest) != 1 or not 0 <= place < len(outside[0]):
            found = ", ".join(map(text, outside))
            raise NetworkError(
                "{who} takes two or more inputs that differ along axis {axis} only, got {found}",
                who=self.who,
                axis=self.axis,
                found=found,
            )
        joined = sum(shape[place] for shape in outside)
        return from_layout((*outside[0][:place], joined, *outside[0][place + 1 :]), channels_last)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.concatenate(xs, inside_axis(self.axis, xs[0].ndim, run.channels_last))


@layer_class
class ZeroPadding2D(Layer):
    """Zeros around pictures: 1, (rows, columns) or ((top, bottom), (left, right))."""

    padding: Any = rule(pads, default=1)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, H, W = picture(shape, self.who)
        return C, H + sum(self.padding[0]), W + sum(self.padding[1])

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.pad(xs[0], self.padding)


@layer_class
class Cropping2D(Layer):
    """Pictures without their border: 1, (rows, columns) or ((top, bottom), (left, right))."""

    cropping: Any = rule(pads, default=0)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, H, W = picture(shape, self.who)
        size = H - sum(self.cropping[0]), W - sum(self.cropping[1])
        if min(size) < 1:
            raise NetworkError(
                "{who} crops all of a picture of {H}x{W}; take a smaller cropping", who=self.who, H=H, W=W
            )
        return C, *size

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        (top, bottom), (left, right) = self.cropping
        x = xs[0]
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]
