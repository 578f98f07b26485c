"""A network in the words of Autodiff: a Model with its layers, and forward as a chain of functions."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.errors import LevelError
from glasshouse.ladder.network import Layers
from glasshouse.ladder.wording import value
from glasshouse.layers.activations import inside_axis
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import InputLayer
from glasshouse.layers.shapes import window_pads

__all__ = ["Written", "model_text", "part_names"]

WIDTH = 96
LETTERS = "xyzuvwabcdefgh"
FUNCTIONS = {
    "exponential": "F.exp({x})",
    "leaky_relu": "F.leaky_relu({x}, 0.2)",
    "relu": "F.relu({x})",
    "relu6": "F.relu6({x})",
    "sigmoid": "F.sigmoid({x})",
    "tanh": "F.tanh({x})",
}
Pads = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Written:
    """The text of a class, and what it uses besides F and L."""

    text: str
    engine: bool
    dropout: bool


class _Writer:
    """Writes the steps of a network one after the other."""

    def __init__(self, layers: Layers) -> None:
        self.layers, self.net = layers, layers.net
        self.uses = Counter(i for step in self.net.steps for i in step.inputs)
        for i in self.net.output_steps:
            self.uses[i] += 1
        self.made: list[str] = []
        self.engine = self.dropout = False

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


def _call(name: str, *parts: Any) -> str:
    return f"{name}({', '.join(map(str, parts))})"


def _dense(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if len(step.input_shapes[0]) != 1:
        raise LevelError(
            "autodiff",
            f"{step.name} is a Dense on {len(step.input_shapes[0])} axes, which the level autodiff "
            "does not write yet; put Flatten before it, or look at the run on the level layers",
        )
    bias = [] if layer.use_bias else ["nobias=True"]
    return f"{w.attribute(step, _call('L.Linear', layer.units, *bias))}({xs[0]})"


def _norm(w: _Writer, step: Step, xs: Sequence[str]) -> str:
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


def _flatten(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    if len(step.input_shapes[0]) == 3 and w.net.channels_last:
        return f"F.flatten(F.transpose({xs[0]}, (0, 2, 3, 1)))"
    return f"F.flatten({xs[0]})"


def _dropout(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if not layer.rate:
        return xs[0]
    w.dropout = True
    whole = type(layer).__name__ == "SpatialDropout2D"
    return f"self.dropout({xs[0]}, {layer.rate!r}{', whole=True' if whole else ''})"


def _join(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    axis = inside_axis(layer.axis, len(step.engine_shape) + 1, w.net.channels_last)
    return f"F.concatenate([{', '.join(xs)}], {axis})"


def _adaptive(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if step.input_shapes[0] == step.engine_shape:
        return xs[0]
    w.engine = True
    return f"engine.adaptive_average_pool({xs[0]}, {layer.output_size!r})"


def _crop(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    (top, _), (left, _) = step.layer.cropping  # type: ignore[attr-defined]
    _, H, W = step.engine_shape
    return f"{xs[0]}[:, :, {top}:{top + H}, {left}:{left + W}]"


def _mean(word: str) -> Callable[..., str]:
    def write(w: _Writer, step: Step, xs: Sequence[str]) -> str:
        keep = ", keepdims=True" if step.layer.keepdims else ""  # type: ignore[attr-defined]
        return f"F.{word}({xs[0]}, axis=(2, 3){keep})"

    return write


def _rescale(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if isinstance(layer.scale, tuple) or isinstance(layer.offset, tuple):
        raise _unwritten(step)
    return f"{xs[0]} * {layer.scale!r} + {layer.offset!r}"


def _pad(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    rows, columns = step.layer.padding  # type: ignore[attr-defined]
    return f"F.pad({xs[0]}, [(0, 0), (0, 0), {rows!r}, {columns!r}])"


def _leaky(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    return f"F.leaky_relu({xs[0]}, {step.layer.negative_slope!r})"  # type: ignore[attr-defined]


def _relu(w: _Writer, step: Step, xs: Sequence[str]) -> str:
    layer: Any = step.layer
    if layer.threshold or layer.negative_slope:
        raise _unwritten(step)
    return f"F.relu({xs[0]})" if layer.max_value is None else f"F.clip(F.relu({xs[0]}), 0.0, {layer.max_value!r})"


_WRITERS: dict[str, Callable[[_Writer, Step, Sequence[str]], str]] = {
    "Activation": lambda w, step, xs: xs[0],
    "AdaptiveAveragePooling2D": _adaptive,
    "Add": lambda w, step, xs: " + ".join(xs),
    "Average": lambda w, step, xs: f"({' + '.join(xs)}) / {len(xs)}",
    "AveragePooling2D": lambda w, step, xs: w.pooling(step, xs[0]),
    "BatchNormalization": _norm,
    "Concatenate": _join,
    "Conv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "Cropping2D": _crop,
    "Dense": _dense,
    "DepthwiseConv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "Dropout": _dropout,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _mean("mean"),
    "GlobalMaxPooling2D": _mean("max"),
    "LeakyReLU": _leaky,
    "MaxPooling2D": lambda w, step, xs: w.pooling(step, xs[0]),
    "Multiply": lambda w, step, xs: " * ".join(xs),
    "ReLU": _relu,
    "Rescaling": _rescale,
    "SeparableConv2D": lambda w, step, xs: w.convolution(step, xs[0]),
    "SpatialDropout2D": _dropout,
    "Subtract": lambda w, step, xs: " - ".join(xs),
    "ZeroPadding2D": _pad,
}


def _unwritten(step: Step) -> LevelError:
    return LevelError(
        "autodiff",
        f"{step.name} is a {type(step.layer).__name__}, which the level autodiff does not write yet; look at the run "
        f"on the level layers. It writes {', '.join(_WRITERS)}",
    )


def model_text(layers: Layers, name: str, dropout: str) -> Written:
    """The class of the network; ``dropout`` is the text of its method of that name."""
    w = _Writer(layers)
    body = _forward(w)
    made = "".join(f"        {line}\n" for line in w.made)
    method = dropout if w.dropout else ""
    text = f"class {name}(Model):\n    def __init__(self):\n{made}\n    def forward(self, x):\n{body}{method}"
    return Written(text, w.engine, w.dropout)


def _forward(w: _Writer) -> str:
    steps, uses, last = w.net.steps, Counter(w.uses), w.net.output_steps[0]
    texts: dict[int, str] = {0: "x"}  # what stands for a value: a variable, or an expression that is used once
    lines: list[str] = []
    for number, step in enumerate(steps):
        if isinstance(step.layer, InputLayer):
            continue
        kind = type(step.layer).__name__
        if kind not in _WRITERS:
            raise _unwritten(step)
        inputs = step.inputs
        if kind == "ZeroPadding2D" and _taken_in(w, number):
            texts[number] = texts[inputs[0]]
            uses[inputs[0]] -= 1
            continue
        text = _WRITERS[kind](w, step, [texts[i] for i in inputs])
        if number != last or not w.layers.own:  # the softmax of the last layer is part of the loss
            text = w.activated(getattr(step.layer, step.layer.activation_field, None), text, step)
        for i in inputs:
            uses[i] -= 1
        if number == last:
            lines.append(f"return {text}")
        elif uses[number] == 1 and len(text) < WIDTH - 30 and _joins(steps, number, kind):
            texts[number] = text
        else:
            texts[number] = _variable(texts, uses)
            lines.append(f"{texts[number]} = {text}")
    return "".join(f"        {line}\n" for line in lines)


def _joins(steps: Sequence[Step], number: int, kind: str) -> bool:
    """Whether a value may be written inside the call that takes it: in a straight line, to the end of a block."""
    after = next((step for step in steps if number in step.inputs), None)
    if after is None or len(after.inputs) > 1 or kind in ("Add", "Concatenate", "Subtract", "Multiply", "Average"):
        return kind == "Add" and after is not None and type(after.layer).__name__ == "Activation"
    return type(after.layer).__name__ in (
        "BatchNormalization",
        "Activation",
        "MaxPooling2D",
        "Flatten",
        "Dropout",
        "ReLU",
    )


def _taken_in(w: _Writer, number: int) -> bool:
    """Whether the layer after a padding adds its zeros."""
    after = next((step for step in w.net.steps if number in step.inputs), None)
    if after is None or not hasattr(after.layer, "padding") or type(after.layer).__name__ == "ZeroPadding2D":
        return False
    return w.pads_of(after)[1] != number


def _variable(texts: dict[int, str], uses: Counter[int]) -> str:
    """A variable for a new value: one that nobody needs any more, else the next letter."""
    needed = set()
    for i, text in texts.items():
        if uses[i] > 0:
            needed |= set(re.findall(r"(?<![\w.])([a-z]\d*)(?![\w(])", text))
    return next(letter for letter in LETTERS if letter not in needed)


def part_names(layers: Layers, names: Sequence[str]) -> list[str]:
    """The attributes of the class that hold these layers."""
    kinds = {step.weights: type(step.layer).__name__ for step in layers.net.steps}
    found = []
    for name in names:
        found += [f"{name}_deep", f"{name}_wide"] if kinds[name] == "SeparableConv2D" else [name]
    return found
