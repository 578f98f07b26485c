"""Every layer in the words of Autodiff: what is in the class, and the call in forward."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.network import Layers
from glasshouse.ladder.wording import layer_call, value
from glasshouse.layers.activations import inside_axis
from glasshouse.layers.graph import Step
from glasshouse.layers.shapes import Shape, to_layout, window_pads
from glasshouse.messages import Message

__all__ = ["WRITERS", "Writer", "unwritten"]

FUNCTIONS = {
    "exponential": "F.exp({x})",
    "leaky_relu": "F.leaky_relu({x}, 0.2)",
    "relu": "F.relu({x})",
    "relu6": "F.relu6({x})",
    "sigmoid": "F.sigmoid({x})",
    "tanh": "F.tanh({x})",
}
AT_RANDOM = (
    "GaussianNoise", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation",
    "RandomZoom",
)  # fmt: skip
Pads = tuple[tuple[int, int], tuple[int, int]]


class Writer:
    """Writes the steps of a network one after the other."""

    def __init__(self, layers: Layers) -> None:
        self.layers, self.net = layers, layers.net
        self.uses = Counter(i for step in self.net.steps for i in step.inputs)
        for i in self.net.output_steps:
            self.uses[i] += 1
        self.made: list[str] = []
        self.engine = self.dropout = self.random = False
        self.words: set[str] = set()  # of glasshouse.layers, that change pictures at random

    def pads_of(self, step: Step) -> tuple[Pads, int]:
        """The zeros around what a window sees, and the number of the step that it then takes."""
        layer: Any = step.layer
        window = getattr(layer, "window", None) or layer.pool_size
        strides = getattr(layer, "steps", None) or layer.strides
        _, H, W = step.input_shapes[0]
        own = window_pads((H, W), window, strides, layer.padding)
        before = self.net.steps[step.inputs[0]]
        alone = self.uses[step.inputs[0]] == 1 and type(before.layer).__name__ == "ZeroPadding2D"
        zeros: Any = before.layer.padding if alone else ()  # type: ignore[attr-defined]
        zeros_fit = alone and not any(map(any, own)) and all(a == b for a, b in zeros)
        if zeros_fit and type(layer).__name__ != "MaxPooling2D":
            return zeros, before.inputs[0]
        return own, step.inputs[0]

    def attribute(self, step: Step, made: str, name: str | None = None) -> str:
        """Make an attribute of the class, once; return how forward calls it."""
        line = f"self.{name or step.weights} = {made}"
        if line not in self.made:
            self.made.append(line)
            if not self.net.holders[step.weights].trainable:
                self.made.append(f"self.{name or step.weights}.freeze()")
        return f"self.{name or step.weights}"

    def convolution(self, step: Step, x: str) -> str:
        """Conv2D, DepthwiseConv2D and SeparableConv2D."""
        layer: Any = step.layer
        pads, _ = self.pads_of(step)
        even = all(a == b for a, b in pads)
        parts = [f"stride={value(layer.strides)}"] if layer.strides != (1, 1) else []
        parts += [f"pad={value((pads[0][0], pads[1][0]))}"] if even and any(map(any, pads)) else []
        parts += [f"dilation={value(layer.dilation_rate)}"] if layer.dilation_rate != (1, 1) else []
        bias = [] if layer.use_bias else ["nobias=True"]
        if not even:
            x = f"F.pad({x}, [(0, 0), (0, 0), {pads[0]!r}, {pads[1]!r}])"
        C, kind = step.input_shapes[0][0], type(layer).__name__
        size = value(layer.kernel_size)
        if kind == "Conv2D":
            groups = [f"groups={layer.groups}"] if layer.groups > 1 else []
            return f"{self.attribute(step, _call('L.Conv2d', layer.filters, size, *parts, *groups, *bias))}({x})"
        many = C * layer.depth_multiplier
        if kind == "DepthwiseConv2D":
            return f"{self.attribute(step, _call('L.Conv2d', many, size, *parts, f'groups={C}', *bias))}({x})"
        deep = self.attribute(
            step, _call("L.Conv2d", many, size, *parts, f"groups={C}", "nobias=True"), step.weights + "_deep"
        )
        return (
            f"{self.attribute(step, _call('L.Conv2d', layer.filters, 1, *bias), step.weights + '_wide')}({deep}({x}))"
        )

    def pooling(self, step: Step, x: str) -> str:
        layer: Any = step.layer
        pads, _ = self.pads_of(step)
        most = type(layer).__name__ == "MaxPooling2D"
        even = all(a == b for a, b in pads)
        small = pads[0][0] < layer.pool_size[0] and pads[1][0] < layer.pool_size[1]
        counted = layer.padding == "valid"  # zeros of a ZeroPadding2D count as pixels
        if even and small and (most or counted):
            pad = [value((pads[0][0], pads[1][0]))] if any(map(any, pads)) else []
            return _call(
                "F.pooling" if most else "F.average_pooling", x, value(layer.pool_size), value(layer.steps), *pad
            )
        self.engine = True
        name = "engine.max_pool" if most else "engine.average_pool"
        return f"{name}({x}, {layer.pool_size!r}, {layer.steps!r}, {pads!r})"

    def activated(self, word: str | None, x: str, step: Step) -> str:
        if word is None:
            return x
        if word in FUNCTIONS:
            return FUNCTIONS[word].format(x=x)
        axis = 1 if len(step.engine_shape) == 3 and self.net.channels_last else -1
        if "softmax" in word:
            return f"F.{word}({x}, axis={axis})"
        self.engine = True
        return f"engine.activations[{value(word)}]({x})"

    def turned(self, x: str, shape: Shape) -> str:
        """Pictures with their channels last, if the layers have them so."""
        return f"F.transpose({x}, (0, 2, 3, 1))" if len(shape) == 3 and self.net.channels_last else x

    def turned_back(self, x: str, shape: Shape) -> str:
        """Pictures with their channels first again."""
        return f"F.transpose({x}, (0, 3, 1, 2))" if len(shape) == 3 and self.net.channels_last else x


def _call(name: str, *parts: Any) -> str:
    return f"{name}({', '.join(map(str, parts))})"


def _dense(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    bias = [] if layer.use_bias else ["nobias=True"]
    outside = w.turned(xs[0], step.input_shapes[0])
    return w.turned_back(f"{w.attribute(step, _call('L.Linear', layer.units, *bias))}({outside})", step.engine_shape)


def _norm(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    unbiased = [] if layer.unbiased else ["unbiased=False"]
    made = _call("L.BatchNorm", f"decay={layer.momentum!r}", f"eps={layer.epsilon!r}", *unbiased)
    name = w.attribute(step, made)
    for part, there in (("gamma", layer.scale), ("beta", layer.center)):
        line = f"{name}.{part}.requires_grad = False"
        if not there and line not in w.made:
            w.made.append(line)
    if w.net.holders[step.weights].trainable:
        return f"{name}({xs[0]})"
    return f"F.fixed_norm({xs[0]}, {name}.gamma, {name}.beta, {name}.avg_mean, {name}.avg_var, {layer.epsilon!r})"


def _flatten(w: Writer, step: Step, xs: Sequence[str]) -> str:
    return f"F.flatten({w.turned(xs[0], step.input_shapes[0])})"


def _reshape(w: Writer, step: Step, xs: Sequence[str]) -> str:
    shape = to_layout(step.engine_shape, w.net.channels_last)
    outside = w.turned(xs[0], step.input_shapes[0])
    return w.turned_back(f"F.reshape({outside}, {(-1, *shape)!r})", step.engine_shape)


def _dropout(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if not layer.rate:
        return xs[0]
    w.dropout = True
    whole = type(layer).__name__ == "SpatialDropout2D"
    return f"self.dropout({xs[0]}, {layer.rate!r}{', whole=True' if whole else ''})"


def _join(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    axis = inside_axis(layer.axis, len(step.engine_shape) + 1, w.net.channels_last)
    return f"F.concatenate([{', '.join(xs)}], {axis})"


def _adaptive(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if step.input_shapes[0] == step.engine_shape:
        return xs[0]
    w.engine = True
    return f"engine.adaptive_average_pool({xs[0]}, {layer.output_size!r})"


def _crop(w: Writer, step: Step, xs: Sequence[str]) -> str:
    (top, _), (left, _) = step.layer.cropping  # type: ignore[attr-defined]
    _, H, W = step.engine_shape
    return f"{xs[0]}[:, :, {top}:{top + H}, {left}:{left + W}]"


def _mean(word: str) -> Callable[..., str]:
    def write(w: Writer, step: Step, xs: Sequence[str]) -> str:
        keep = ", keepdims=True" if step.layer.keepdims else ""  # type: ignore[attr-defined]
        return f"F.{word}({xs[0]}, axis=(2, 3){keep})"

    return write


def _rescale(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    side = ".reshape(-1, 1, 1)" if len(step.engine_shape) == 3 and w.net.channels_last else ""
    scale, offset = (
        f"torch.tensor({given!r}){side}" if isinstance(given, tuple) else repr(given)
        for given in (layer.scale, layer.offset)
    )
    return f"{xs[0]} * {scale} + {offset}"


def _pad(w: Writer, step: Step, xs: Sequence[str]) -> str:
    rows, columns = step.layer.padding  # type: ignore[attr-defined]
    return f"F.pad({xs[0]}, [(0, 0), (0, 0), {rows!r}, {columns!r}])"


def _leaky(w: Writer, step: Step, xs: Sequence[str]) -> str:
    return f"F.leaky_relu({xs[0]}, {step.layer.negative_slope!r})"  # type: ignore[attr-defined]


def _relu(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if layer.threshold:
        raise unwritten(step)
    y = f"F.leaky_relu({xs[0]}, {layer.negative_slope!r})" if layer.negative_slope else f"F.relu({xs[0]})"
    if layer.max_value is None:
        return y
    w.engine = True
    return f"engine.at_most({y}, {layer.max_value!r})"


def _elu(w: Writer, step: Step, xs: Sequence[str]) -> str:
    w.engine = True
    return f"engine.elu({xs[0]}, {step.layer.alpha!r})"  # type: ignore[attr-defined]


def _softmax(w: Writer, step: Step, xs: Sequence[str]) -> str:
    axis = inside_axis(step.layer.axis, len(step.engine_shape) + 1, w.net.channels_last)  # type: ignore[attr-defined]
    return f"F.softmax({xs[0]}, axis={axis})"


def _most(w: Writer, step: Step, xs: Sequence[str]) -> str:
    w.engine = True
    return reduce(lambda x, y: f"engine.maximum({x}, {y})", xs)


def _larger(w: Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    w.engine = True
    return f"engine.upsample({xs[0]}, {layer.size!r}, {layer.interpolation!r})"


def _none(w: Writer, step: Step, xs: Sequence[str]) -> str:
    raise unwritten(step)


def _at_random(w: Writer, step: Step, xs: Sequence[str]) -> str:
    w.engine = w.random = True
    w.words.add(type(step.layer).__name__)
    made = layer_call(step.layer, w.layers.settings(step))
    return f"self.changed({w.attribute(step, made, step.name)}, {xs[0]})"


WRITERS: dict[str, Callable[[Writer, Step, Sequence[str]], str]] = {
    "Activation": lambda w, step, xs: xs[0],
    "AdaptiveAveragePooling2D": _adaptive,
    "Add": lambda w, step, xs: " + ".join(xs),
    "Average": lambda w, step, xs: f"({' + '.join(xs)}) / {len(xs)}",
    "AveragePooling2D": lambda w, step, xs: w.pooling(step, xs[0]),
    "BatchNormalization": _norm,
    "Concatenate": _join,
    "Conv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "Conv2DTranspose": _none,
    "Cropping2D": _crop,
    "Dense": _dense,
    "DepthwiseConv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "Dropout": _dropout,
    "ELU": _elu,
    "Embedding": _none,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _mean("mean"),
    "GlobalMaxPooling2D": _mean("max"),
    "LayerNormalization": _none,
    "LeakyReLU": _leaky,
    "Maximum": _most,
    "MaxPooling2D": lambda w, step, xs: w.pooling(step, xs[0]),
    "Multiply": lambda w, step, xs: " * ".join(xs),
    **dict.fromkeys(AT_RANDOM, _at_random),
    "ReLU": _relu,
    "Rescaling": _rescale,
    "Reshape": _reshape,
    "SeparableConv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "Softmax": _softmax,
    "SpatialDropout2D": _dropout,
    "Subtract": lambda w, step, xs: " - ".join(xs),
    "UpSampling2D": _larger,
    "ZeroPadding2D": _pad,
}


def unwritten(step: Step) -> LevelError:
    return LevelError(
        "autodiff",
        Message(
            "{name} is a {kind} with settings that the level autodiff does not write; look at the run on the level "
            "layers",
            name=step.name,
            kind=type(step.layer).__name__,
        ),
    )
