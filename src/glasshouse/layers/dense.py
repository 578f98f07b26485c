"""Dense layers, and those that only change the shape: Dense, Flatten, Reshape."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from glasshouse.errors import NetworkError

from .activations import activation as activation_rule
from .engine import Engine, Run, T
from .initializers import AnyInitializer, initializer
from .layer import BiasedLayer, Layer, Weight
from .regularizers import AnyRegularizer, regularizer
from .rules import count, flag, layer_class, rule
from .rules import shape as shape_rule
from .shapes import Shape, from_layout, text, to_layout

__all__ = ["Dense", "Flatten", "Reshape"]


@layer_class
class Dense(BiasedLayer):
    """y = activation(x W + b) over the last axis. x (..., D), W (D, units).

    Source: Keras' Dense: kernel glorot_uniform, bias zeros.
    """

    units: int = rule(count)
    activation: str | None = rule(activation_rule, default=None)
    use_bias: bool = rule(flag, default=True)
    kernel_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    bias_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    kernel_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    bias_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    activity_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        if not shape:
            raise NetworkError("{who} needs at least one axis of numbers", who=self.who)
        return from_layout((*to_layout(shape, channels_last)[:-1], self.units), channels_last)

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        D = to_layout(shapes[0], channels_last)[-1]
        return Weight("kernel", (D, self.units), self.kernel_initializer), *self.bias_weight(self.units)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        if x.ndim == 4 and run.channels_last:
            return F.to_inside(F.linear(F.to_outside(x), w["kernel"], w.get("bias")))
        return F.linear(x, w["kernel"], w.get("bias"))


@layer_class
class Flatten(Layer):
    """Every sample as one row of numbers, in the order of the arrays' layout (rows, columns, channels by default)."""

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        return (prod(shape),)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = F.to_outside(xs[0]) if xs[0].ndim == 4 and run.channels_last else xs[0]
        return F.reshape(x, (x.shape[0], prod(x.shape[1:])))


@layer_class
class Reshape(Layer):
    """The same numbers in another shape; one length may be -1 and is worked out."""

    target_shape: Any = rule(shape_rule)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        size, target = prod(shape), self.target_shape
        known = prod(n for n in target if n != -1)
        if size % known or (-1 not in target and size != known):
            raise NetworkError(
                (
                    "{who} cannot make {target} of {shape}: {size} numbers, not a multiple of {known}"
                    if -1 in target
                    else "{who} cannot make {target} of {shape}: {size} numbers, not {known}"
                ),
                who=self.who,
                target=text(target),
                shape=text(to_layout(shape, channels_last)),
                size=size,
                known=known,
            )
        return from_layout(tuple(size // known if n == -1 else n for n in target), channels_last)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = F.to_outside(xs[0]) if xs[0].ndim == 4 and run.channels_last else xs[0]
        y = F.reshape(x, (x.shape[0], *self.target_shape))
        return F.to_inside(y) if y.ndim == 4 and run.channels_last else y
