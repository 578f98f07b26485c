"""Activation functions by name, and as layers with settings: Activation, ReLU, LeakyReLU, ELU, Softmax."""

from collections.abc import Mapping, Sequence
from typing import Any

from .engine import Engine, Numbers, Run, T
from .layer import Layer
from .rules import amount, axis, layer_class, number, optional, rule

__all__ = ["ACTIVATIONS", "ELU", "Activation", "LeakyReLU", "ReLU", "Softmax", "activate", "activation"]

ACTIVATIONS = {
    "elu": "x where x > 0, else e^x - 1",
    "exponential": "e^x",
    "gelu": "x Φ(x), Φ the normal distribution",
    "hard_sigmoid": "x / 6 + 1/2 between 0 and 1",
    "leaky_relu": "x where x > 0, else 0.2 x",
    "linear": "x",
    "log_softmax": "x - log Σ e^x",
    "relu": "max(x, 0)",
    "relu6": "max(x, 0), at most 6",
    "selu": "1.0507 x where x > 0, else 1.7581 (e^x - 1)",
    "sigmoid": "1 / (1 + e^-x)",
    "silu": "x / (1 + e^-x), which is also called swish",
    "softmax": "e^x / Σ e^x over the last axis",
    "softplus": "log(1 + e^x)",
    "softsign": "x / (1 + |x|)",
    "tanh": "(e^x - e^-x) / (e^x + e^-x)",
}
ALSO = {"swish": "silu"}


def activation(value: Any) -> str | None:
    """The rule of a field: a word of ACTIVATIONS; None and linear are the same."""
    word = ALSO.get(value, value) if isinstance(value, str) else value
    if word is not None and word not in ACTIVATIONS:
        raise ValueError(f"expected one of {', '.join(ACTIVATIONS)}, got {value!r}")
    return None if word == "linear" else word


def last_axis(x: Numbers, run: Run) -> int:
    """Which axis inside is the last one outside."""
    return 1 if x.ndim == 4 and run.channels_last else -1


def activate(F: Engine[T], word: str, x: T, run: Run) -> T:
    """activation(x) on an engine."""
    return F.activations[word](x, last_axis(x, run)) if "softmax" in word else F.activations[word](x)


@layer_class
class Activation(Layer):
    """y = activation(x), by name."""

    activation: str | None = rule(activation)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return xs[0]


@layer_class
class ReLU(Layer):
    """y = x where x ≥ threshold, else negative_slope (x - threshold); at most max_value."""

    max_value: float | None = rule(optional(amount), default=None)
    negative_slope: float = rule(amount, default=0.0)
    threshold: float = rule(amount, default=0.0)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        x = xs[0]
        if self.threshold:
            above = F.where(F.above(x, self.threshold), x, self.negative_slope * (x - self.threshold))
        else:
            above = F.leaky_relu(x, self.negative_slope) if self.negative_slope else F.activations["relu"](x)
        return above if self.max_value is None else F.at_most(above, self.max_value)


@layer_class
class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope x; the slope is 0.3, as in Keras (torch has 0.01)."""

    negative_slope: float = rule(number, default=0.3)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.leaky_relu(xs[0], self.negative_slope)


@layer_class
class ELU(Layer):
    """y = x where x > 0, else alpha (e^x - 1)."""

    alpha: float = rule(number, default=1.0)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.elu(xs[0], self.alpha)


@layer_class
class Softmax(Layer):
    """y = e^x / Σ e^x along an axis; N is axis 0."""

    axis: int = rule(axis, default=-1)

    def compute(self, F: Engine[T], w: Mapping[str, T], xs: Sequence[T], run: Run) -> T:
        return F.activations["softmax"](xs[0], inside_axis(self.axis, xs[0].ndim, run.channels_last))


def inside_axis(number: int, ndim: int, channels_last: bool) -> int:
    """The axis of an engine's array for an axis as arrays have it, N being 0."""
    found = number % ndim
    return {1: 2, 2: 3, 3: 1}.get(found, found) if ndim == 4 and channels_last else found
