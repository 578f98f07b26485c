"""Layers that keep numbers in range: BatchNormalization, LayerNormalization, Rescaling; and Dropout, which only
works in training."""

from collections.abc import Mapping, Sequence
from typing import Any

from .engine import Engine, Run, T
from .initializers import AnyInitializer, initializer
from .layer import Layer, Weight
from .rules import amount, flag, layer_class, number, rule, share
from .shapes import Shape

__all__ = ["BatchNormalization", "Dropout", "LayerNormalization", "Rescaling", "SpatialDropout2D"]


@layer_class
class BatchNormalization(Layer):
    """y = gamma (x - μ) / √(σ² + epsilon) + beta, a mean and a variance for each channel.

    In training μ and σ² are the batch's, and the moving ones follow: moving ← momentum moving + (1 - momentum) batch
    (σ² with n, as in Keras; if ``unbiased``, with n - 1, as in torch, whose momentum is 1 - momentum). In use, and
    where the layer is frozen, μ and σ² are the moving ones. The channels are the last axis of channels_last
    arrays, axis 1 of others.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167; Keras' defaults.
    """

    momentum: float = rule(share, default=0.99, kw_only=True)
    epsilon: float = rule(amount, default=1e-3, kw_only=True)
    center: bool = rule(flag, default=True, kw_only=True)
    scale: bool = rule(flag, default=True, kw_only=True)
    unbiased: bool = rule(flag, default=False, kw_only=True)
    beta_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    gamma_initializer: AnyInitializer = rule(initializer, default="ones", kw_only=True)

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        C = (shapes[0][0] if len(shapes[0]) == 3 else shapes[0][-1],)
        return (
            *([Weight("gamma", C, self.gamma_initializer)] if self.scale else []),
            *([Weight("beta", C, self.beta_initializer)] if self.center else []),
            Weight("moving_mean", C, "zeros", trainable=False),
            Weight("moving_variance", C, "ones", trainable=False),
        )

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        moving = w["moving_mean"], w["moving_variance"]
        x = xs[0]
        rows = x if x.ndim in (2, 4) else F.reshape(x, (-1, x.shape[-1]))
        affine = w.get("gamma"), w.get("beta")
        y = F.batch_norm(rows, affine, moving, self.momentum, self.epsilon, run.training, self.unbiased)
        return y if rows is x else F.reshape(y, tuple(x.shape))


@layer_class
class LayerNormalization(Layer):
    """y = gamma (x - μ) / √(σ² + epsilon) + beta, μ and σ² of each place of each sample, over its channels.

    The channels are the last axis of channels_last arrays, axis 1 of others.

    Source: Ba and others 2016, arXiv 1607.06450; Keras' defaults.
    """

    epsilon: float = rule(amount, default=1e-3, kw_only=True)
    center: bool = rule(flag, default=True, kw_only=True)
    scale: bool = rule(flag, default=True, kw_only=True)
    beta_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    gamma_initializer: AnyInitializer = rule(initializer, default="ones", kw_only=True)

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        C = (shapes[0][0] if len(shapes[0]) == 3 else shapes[0][-1],)
        return (
            *([Weight("gamma", C, self.gamma_initializer)] if self.scale else []),
            *([Weight("beta", C, self.beta_initializer)] if self.center else []),
        )

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        axes, side = ([1], (-1, 1, 1)) if x.ndim == 4 else ([x.ndim - 1], (-1,))
        d = x - F.mean(x, axes, True)
        y = d / (F.mean(d * d, axes, True) + self.epsilon) ** 0.5
        y = y * F.reshape(w["gamma"], side) if self.scale else y
        return y + F.reshape(w["beta"], side) if self.center else y


@layer_class
class Dropout(Layer):
    """In training, y = x with a share of the numbers set to 0 and the others divided by (1 - rate).

    The draws are NumPy's where the network computes on the processor: the same on both engines.

    Source: Srivastava and others 2014, JMLR 15.
    """

    rate: float = rule(share)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.dropout(xs[0], tuple(xs[0].shape), self.rate, run) if run.training and self.rate else xs[0]


@layer_class
class SpatialDropout2D(Dropout):
    """Dropout of whole channels. Source: Tompson and others 2015, arXiv 1411.4280."""

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        return F.dropout(x, (*x.shape[:2], 1, 1), self.rate, run) if run.training and self.rate else x


@layer_class
class Rescaling(Layer):
    """y = scale x + offset: Rescaling(1 / 255) for bytes, Rescaling(1 / 127.5, -1) for -1 to 1.

    ``scale`` and ``offset`` are numbers, or one number for each of the last axis.
    """

    scale: Any = rule(lambda value: _numbers(value))
    offset: Any = rule(lambda value: _numbers(value), default=0.0)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        return shape

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        return x * F.row(self.scale, x, run) + F.row(self.offset, x, run)


def _numbers(value: Any) -> float | tuple[float, ...]:
    return tuple(map(number, value)) if isinstance(value, list | tuple) else number(value)
