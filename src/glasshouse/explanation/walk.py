"""One picture's way through a network of layers and back, in double precision on autodiff.

C channels, H, W, K classes; pictures inside are (1, C, H, W).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.autodiff import Parameter, Variable, no_grad, test_mode
from glasshouse.autodiff import functions as F
from glasshouse.errors import NetworkError
from glasshouse.layers import autodiff_engine
from glasshouse.layers.activations import Softmax, activate
from glasshouse.layers.architecture import Architecture
from glasshouse.layers.engine import Run
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import InputLayer

__all__ = ["Stage", "Walk", "coefficients"]

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Stage:
    """One layer at work: what went in, what came out ``before`` its activation, and ``after`` it."""

    number: int
    step: Step
    xs: tuple[Variable, ...]
    before: Variable
    after: Variable

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def activation(self) -> str | None:
        """The activation that stands between ``before`` and ``after``."""
        return None if self.before is self.after else getattr(self.step.layer, self.step.layer.activation_field, None)


def coefficients(label: int, classes: int, smoothing: float = 0.0, weights: Sequence[float] | None = None) -> Array:
    """c (K,) of the loss L = -Σ c log p: 1 at the label, softened by label smoothing, times the label's weight.

    >>> coefficients(1, 2, 0.2)
    array([0.1, 0.9])
    """
    c = np.full(classes, smoothing / classes)
    c[label] += 1 - smoothing
    return c if weights is None else c * float(weights[label])


class Walk:
    """A picture x through ``net``, the loss -Σ c log p, and the derivative of the loss by every number on the way.

    The network is in use, not in training: batch normalisation takes its moving statistics, dropout passes all.

    Args:
        x: one picture in the layout of the network, normalised, without N.
        c: the loss's coefficients (K,), such as `coefficients` gives.

    Raises:
        NetworkError: the network has several inputs or outputs, or does not end in classes.
    """

    def __init__(self, net: Architecture, x: Array, c: Array, told: Callable[[float], None] | None = None) -> None:
        _check(net)
        self.net, self.c = net, c
        self.model = net.to_autodiff()
        for parts, holder in ((self.model.weights[name], net.holders[name]) for name in self.model.weights):
            for weight in holder.weights:
                parameter = parts[weight.name]
                parameter.data = parameter.data.astype(np.float64)
                parameter.requires_grad = weight.trainable
        self.run = Run(False, net.channels_last, self.model.random)
        inside = np.asarray(x, dtype=np.float64)[None]
        picture = Variable(np.ascontiguousarray(inside.transpose(0, 3, 1, 2)) if net.channels_last else inside)
        self._told, self._total = told, len(net.steps)
        with test_mode():
            self.stages = list(self._forward([Stage(0, net.steps[0], (), picture, picture)]))
            self.logits = self.stages[-1].before
            self.loss = _loss(self.logits, c)
            self.loss.name = "loss"
            self.loss.backward(retain_grad=True)
        self.probabilities: Array = F.softmax(self.logits).data[0]
        self.by_name = {stage.name: stage for stage in self.stages}
        self._say(1.0)

    def _forward(self, stages: list[Stage]) -> Iterator[Stage]:
        """Every stage, beginning with those that are known."""
        found = list(stages)
        yield from found
        for number, step in enumerate(self.net.steps[len(found) :], start=len(found)):
            stage = self.at_work(number, step, tuple(found[i].after for i in step.inputs))
            found.append(stage)
            self._say(0.5 * number / self._total)
            yield stage

    def at_work(self, number: int, step: Step, xs: tuple[Variable, ...]) -> Stage:
        """The stage that a step makes of its inputs; the activation of the last one belongs to the loss."""
        before = self.before(step, xs)
        last = number == len(self.net.steps) - 1
        word = None if last else getattr(step.layer, step.layer.activation_field, None)
        return Stage(number, step, xs, before, before if word is None else self.activated(word, before))

    def before(self, step: Step, xs: Sequence[Variable], weights: Mapping[str, Variable] | None = None) -> Variable:
        """What a layer gives before its activation, with its own weights or others."""
        w = self.model.weights[step.weights] if weights is None else weights
        y: Variable = step.layer.compute(autodiff_engine, w, xs, self.run)
        return y

    def activated(self, word: str, x: Variable) -> Variable:
        """The activation of that name."""
        y: Variable = activate(autodiff_engine, word, x, self.run)
        return y

    def parameter(self, layer: str, name: str) -> Parameter:
        """One array of weights, as the engine holds it."""
        return self.model.weights[layer][name]

    def loss_where(self, parameter: Parameter, index: tuple[int, ...], value: float, first: int) -> float:
        """The loss if one weight had another value; computed anew from stage ``first`` on."""
        kept = parameter.data[index]
        parameter.data[index] = value
        try:
            with no_grad(), test_mode():
                for stage in self._forward(self.stages[:first]):
                    last = stage
                return float(_loss(last.before, self.c).data)
        finally:
            parameter.data[index] = kept

    def gradient_norm(self) -> float:
        """The length of the gradient of all weights together."""
        parts = [p.grad.data for held in self.model.weights.values() for p in held.values() if p.grad is not None]
        return float(np.sqrt(sum(float((g * g).sum()) for g in parts)))

    def _say(self, done: float) -> None:
        if self._told is not None:
            self._told(done)


def _loss(logits: Variable, c: Array) -> Variable:
    return -(F.log_softmax(logits) * c[None]).sum()


def _check(net: Architecture) -> None:
    last = net.steps[net.output_steps[0]]
    word = getattr(last.layer, last.layer.activation_field, None)
    if len(net.inputs) != 1 or len(net.outputs) != 1 or not isinstance(net.steps[0].layer, InputLayer):
        raise NetworkError(
            "{name} has several inputs or outputs; a picture is followed from one input to one", name=net.name
        )
    if len(last.engine_shape) != 1 or word not in ("softmax", None) or isinstance(last.layer, Softmax):
        raise NetworkError(
            '{name} ends in {name2}; a picture is followed to Dense(classes, activation="softmax"), whose '
            "classes the loss compares",
            name=net.name,
            name2=last.name,
        )
    if net.output_steps[0] != len(net.steps) - 1:
        raise NetworkError(
            "{name} computes {name2} after its output {name3}; leave it out",
            name=net.name,
            name2=net.steps[-1].name,
            name3=last.name,
        )
