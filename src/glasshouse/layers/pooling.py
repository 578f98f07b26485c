"""Pooling: windows (MaxPooling2D, AveragePooling2D), whole pictures (GlobalAveragePooling2D, GlobalMaxPooling2D), and
windows that give a wanted size (AdaptiveAveragePooling2D)."""

from collections.abc import Mapping, Sequence

from .engine import Engine, Numbers, Run, T
from .layer import Layer
from .rules import Pair, flag, layer_class, one_of, optional, pair, rule
from .shapes import Pads, Shape, picture, window_pads, windowed

__all__ = [
    "AdaptiveAveragePooling2D",
    "AveragePooling2D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling2D",
    "MaxPooling2D",
]


@layer_class
class _Pooling(Layer):
    """What pooling layers share; strides are the window's size if none are given."""

    pool_size: Pair = rule(pair, default=2)
    strides: Pair | None = rule(optional(pair), default=None)
    padding: str = rule(one_of("valid", "same"), default="valid")

    @property
    def steps(self) -> tuple[int, int]:
        return self.strides or self.pool_size  # type: ignore[no-any-return]

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, H, W = picture(shape, self.who)
        return C, *windowed((H, W), self.pool_size, self.steps, self.padding, self.who)

    def _pads(self, x: Numbers) -> Pads:
        return window_pads((x.shape[2], x.shape[3]), self.pool_size, self.steps, self.padding)


@layer_class
class MaxPooling2D(_Pooling):
    """y = the largest number under each window; padding never wins."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.max_pool(xs[0], self.pool_size, self.steps, self._pads(xs[0]))


@layer_class
class AveragePooling2D(_Pooling):
    """y = the mean of the pixels under each window; padding is not counted."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        if run.around is not None:
            return F.average_pool(xs[0], self.pool_size, self.steps, self._pads(xs[0]), run.around)
        return F.average_pool(xs[0], self.pool_size, self.steps, self._pads(xs[0]))


@layer_class
class AdaptiveAveragePooling2D(Layer):
    """y = the means of output_size parts of the picture, rows times columns; parts overlap where they must.

    Source: torch's AdaptiveAvgPool2d; in the published AlexNet and VGG it lets pictures of any size come in.
    """

    output_size: Pair = rule(pair)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, _, _ = picture(shape, self.who)
        return C, *self.output_size

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.adaptive_average_pool(xs[0], self.output_size)


@layer_class
class _Global(Layer):
    """One number a channel."""

    keepdims: bool = rule(flag, default=False)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, _, _ = picture(shape, self.who)
        return (C, 1, 1) if self.keepdims else (C,)


@layer_class
class GlobalAveragePooling2D(_Global):
    """y = the mean of each channel. x (N, C, H, W), y (N, C)."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.mean(xs[0], (2, 3), self.keepdims)


@layer_class
class GlobalMaxPooling2D(_Global):
    """y = the largest number of each channel. x (N, C, H, W), y (N, C)."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.max(xs[0], (2, 3), self.keepdims)
