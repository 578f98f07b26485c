"""Convolutions: Conv2D, DepthwiseConv2D, SeparableConv2D. Inside, x (N, C, H, W) and W (O, C / groups, KH, KW)."""

from collections.abc import Mapping, Sequence

from glasshouse.errors import NetworkError, Problem
from glasshouse.messages import Message

from .activations import activation as activation_rule
from .engine import Engine, Numbers, Run, T
from .initializers import AnyInitializer, initializer
from .layer import BiasedLayer, Weight
from .regularizers import AnyRegularizer, regularizer
from .rules import Pair, count, flag, layer_class, one_of, pair, rule
from .shapes import Pads, Shape, picture, window_pads, windowed

__all__ = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"]


class _Convolution(BiasedLayer):
    """What convolutions share; each declares these settings in Keras' order."""

    kernel_size: Pair
    strides: Pair
    padding: str
    dilation_rate: Pair

    def conflicts(self) -> Sequence[Problem]:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            return [Problem("dilation_rate", "strides and dilation_rate cannot both be larger than 1")]
        return ()

    @property
    def window(self) -> tuple[int, int]:
        """The pixels that the kernel spans: (K - 1) D + 1 in each direction."""
        rows, columns = ((k - 1) * d + 1 for k, d in zip(self.kernel_size, self.dilation_rate))
        return rows, columns

    def _size(self, shape: Shape) -> tuple[int, int]:
        _, H, W = picture(shape, self.who)
        rows, columns = windowed((H, W), self.window, self.strides, self.padding, self.who)
        return rows, columns

    def _pads(self, x: Numbers, run: Run) -> Pads:
        return run.around or window_pads((x.shape[2], x.shape[3]), self.window, self.strides, self.padding)


@layer_class
class Conv2D(_Convolution):
    """y[o] = activation(Σ W[o, c] * x[c] + b[o]): ``filters`` kernels slide over the picture.

    ``padding="same"`` pads so that ceil(H / stride) rows come out, the odd row at the bottom; torch pads evenly.

    Source: Keras' Conv2D: kernel glorot_uniform, bias zeros.
    """

    filters: int = rule(count)
    kernel_size: Pair = rule(pair)
    strides: Pair = rule(pair, default=1)
    padding: str = rule(one_of("valid", "same"), default="valid")
    dilation_rate: Pair = rule(pair, default=1, kw_only=True)
    groups: int = rule(count, default=1, kw_only=True)
    activation: str | None = rule(activation_rule, default=None, kw_only=True)
    use_bias: bool = rule(flag, default=True, kw_only=True)
    kernel_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    bias_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    kernel_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    bias_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    activity_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def conflicts(self) -> Sequence[Problem]:
        if self.filters % self.groups:
            message = Message(
                "expected a divisor of filters, {filters}, got {groups}", filters=self.filters, groups=self.groups
            )
            return [*super().conflicts(), Problem("groups", message)]
        return super().conflicts()

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        size = self._size(shape)
        if shape[0] % self.groups:
            raise NetworkError(
                "{who} has {groups} groups, which do not divide {shape} channels",
                who=self.who,
                groups=self.groups,
                shape=shape[0],
            )
        return self.filters, *size

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        shape = (*self.kernel_size, shapes[0][0] // self.groups, self.filters)
        return Weight("kernel", shape, self.kernel_initializer, layout="conv"), *self.bias_weight(self.filters)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        return F.conv2d(
            x, w["kernel"], w.get("bias"), self.strides, self._pads(x, run), self.dilation_rate, self.groups
        )


@layer_class
class DepthwiseConv2D(_Convolution):
    """Each channel has its own kernels, ``depth_multiplier`` of them; channels are not mixed.

    Source: Keras' DepthwiseConv2D.
    """

    kernel_size: Pair = rule(pair)
    strides: Pair = rule(pair, default=1)
    padding: str = rule(one_of("valid", "same"), default="valid")
    dilation_rate: Pair = rule(pair, default=1, kw_only=True)
    depth_multiplier: int = rule(count, default=1, kw_only=True)
    activation: str | None = rule(activation_rule, default=None, kw_only=True)
    use_bias: bool = rule(flag, default=True, kw_only=True)
    depthwise_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    bias_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    depthwise_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    bias_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    activity_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        size = self._size(shape)
        return shape[0] * self.depth_multiplier, *size

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        C = shapes[0][0]
        kernel = Weight(
            "kernel", (*self.kernel_size, C, self.depth_multiplier), self.depthwise_initializer, layout="depthwise"
        )
        return kernel, *self.bias_weight(C * self.depth_multiplier)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        return F.conv2d(x, w["kernel"], w.get("bias"), self.strides, self._pads(x, run), self.dilation_rate, x.shape[1])


@layer_class
class SeparableConv2D(_Convolution):
    """A depthwise convolution, then a 1x1 convolution that mixes the channels.

    Source: Chollet 2017, arXiv 1610.02357; Keras' SeparableConv2D.
    """

    filters: int = rule(count)
    kernel_size: Pair = rule(pair)
    strides: Pair = rule(pair, default=1)
    padding: str = rule(one_of("valid", "same"), default="valid")
    dilation_rate: Pair = rule(pair, default=1, kw_only=True)
    depth_multiplier: int = rule(count, default=1, kw_only=True)
    activation: str | None = rule(activation_rule, default=None, kw_only=True)
    use_bias: bool = rule(flag, default=True, kw_only=True)
    depthwise_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    pointwise_initializer: AnyInitializer = rule(initializer, default="glorot_uniform", kw_only=True)
    bias_initializer: AnyInitializer = rule(initializer, default="zeros", kw_only=True)
    depthwise_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    pointwise_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    bias_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)
    activity_regularizer: AnyRegularizer = rule(regularizer, default=None, kw_only=True)

    def shape_of(self, shape: Shape, channels_last: bool) -> Shape:
        return self.filters, *self._size(shape)

    def weights(self, shapes: Sequence[Shape], channels_last: bool) -> tuple[Weight, ...]:
        C, M = shapes[0][0], self.depth_multiplier
        return (
            Weight("depthwise_kernel", (*self.kernel_size, C, M), self.depthwise_initializer, layout="depthwise"),
            Weight("pointwise_kernel", (1, 1, C * M, self.filters), self.pointwise_initializer, layout="conv"),
            *self.bias_weight(self.filters),
        )

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x, none = xs[0], ((0, 0), (0, 0))
        deep = F.conv2d(
            x, w["depthwise_kernel"], None, self.strides, self._pads(x, run), self.dilation_rate, x.shape[1]
        )
        return F.conv2d(deep, w["pointwise_kernel"], w.get("bias"), (1, 1), none, (1, 1), 1)
