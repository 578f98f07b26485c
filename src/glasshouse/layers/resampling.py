"""Layers that make pictures larger: UpSampling2D, Conv2DTranspose. Inside, x (N, C, H, W)."""

from collections.abc import Mapping, Sequence

from .activations import activation as activation_rule
from .engine import Engine, Run, T
from .initializers import AnyInitializer, initializer
from .layer import BiasedLayer, Layer, Weight
from .regularizers import AnyRegularizer, regularizer
from .rules import Pair, count, flag, layer_class, one_of, pair, rule
from .shapes import Shape, picture

__all__ = ["Conv2DTranspose", "UpSampling2D"]


@layer_class
class UpSampling2D(Layer):
    """Every pixel repeated size times, or what is between the pixels worked out by ``interpolation="bilinear"``.

    Source: Keras' UpSampling2D; torch's interpolate with align_corners=False.
    """

    size: Pair = rule(pair, default=2)
    interpolation: str = rule(one_of("nearest", "bilinear"), default="nearest")

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        C, H, W = picture(shape, self.who)
        return C, H * self.size[0], W * self.size[1]

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.upsample(xs[0], self.size, self.interpolation)


@layer_class
class Conv2DTranspose(BiasedLayer):
    """What Conv2D does to gradients: each pixel puts its number times the kernel into a larger picture.

    ``padding="same"`` gives H S rows, ``"valid"`` H S + max(K - S, 0).

    Source: Keras' Conv2DTranspose: kernel (KH, KW, filters, C) glorot_uniform, bias zeros.
    """

    filters: int = rule(count)
    kernel_size: Pair = rule(pair)
    strides: Pair = rule(pair, default=1)
    padding: str = rule(one_of("valid", "same"), default="valid")
    activation: str | None = rule(activation_rule, default=None, kw_only=True)
    use_bias: bool = rule(flag, default=True, kw_only=True)
    kernel_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    bias_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    kernel_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    bias_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    activity_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        _, *sides = picture(shape, self.who)
        H, W = (self._side(n, i) for i, n in enumerate(sides))
        return self.filters, H, W

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        shape = (*self.kernel_size, self.filters, shapes[0][0])
        return Weight("kernel", shape, self.kernel_initializer, layout="conv"), *self.bias_weight(self.filters)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        y = F.conv2d_transpose(x, w["kernel"], self.strides)
        sizes = [self._side(n, i) for i, n in enumerate(x.shape[2:])]
        missing = [(0, max(want - have, 0)) for want, have in zip(sizes, y.shape[2:])]
        if any(map(any, missing)):
            y = F.pad(y, (missing[0], missing[1]))
        top, left = (self._cut(i) for i in (0, 1))
        y = y[:, :, top : top + sizes[0], left : left + sizes[1]]
        return y + F.reshape(w["bias"], (-1, 1, 1)) if self.use_bias else y

    def _side(self, n: int, i: int) -> int:
        k, s = self.kernel_size[i], self.strides[i]
        return int(n * s + (max(k - s, 0) if self.padding == "valid" else 0))

    def _cut(self, i: int) -> int:
        return max(self.kernel_size[i] - self.strides[i], 0) // 2 if self.padding == "same" else 0
