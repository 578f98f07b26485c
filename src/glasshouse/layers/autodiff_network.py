"""A network of layers as a model of glasshouse.autodiff: every step of learning can be opened."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glasshouse.autodiff import Model, Parameter, Variable
from glasshouse.autodiff.core import as_operand, constant
from glasshouse.autodiff.switches import training

from . import autodiff_engine
from .activations import activate
from .engine import Run
from .graph import Step
from .holding import Holder
from .layer import InputLayer

__all__ = ["AutodiffNetwork"]


class AutodiffNetwork(Model):
    """A network of layers; arrays come in and go out in its layout (channels_last: (N, H, W, C)).

    Its Parameters are called ``weights/dense/kernel``. It trains as it is called; inside `test_mode` it is in use.
    """

    def __init__(
        self, steps: Sequence[Step], outputs: Sequence[int], holders: dict[str, Holder], channels_last: bool
    ) -> None:
        self.weights: dict[str, dict[str, Parameter]] = {}
        for name, holder in holders.items():
            arrays, learns = holder.engine_arrays(), holder.trainable
            self.weights[name] = {
                w.name: Parameter(arrays[w.name], name=f"{name}/{w.name}", requires_grad=w.trainable and learns)
                for w in holder.weights
            }
        self.learns = {name: holder.trainable for name, holder in holders.items()}
        self.steps, self.outputs, self.channels_last = tuple(steps), tuple(outputs), channels_last
        self.random = np.random.default_rng(0)

    def seed(self, *seeds: int) -> None:
        """Begin the draws of dropout anew."""
        self.random = np.random.default_rng(seeds)

    def trace(self, *xs: Any, logits: bool = False) -> dict[str, Variable]:
        """What every step gives, by its name; pictures as (N, C, H, W)."""
        given = iter(xs)
        values: list[Variable] = []
        for number, step in enumerate(self.steps):
            if isinstance(step.layer, InputLayer):
                x = next(given)
                x = as_operand(x) if isinstance(x, Variable) else constant(x)
                values.append(autodiff_engine.to_inside(x) if self.channels_last and x.ndim == 4 else x)
            else:
                bare = logits and number == len(self.steps) - 1
                values.append(self._step(step, [values[i] for i in step.inputs], bare))
        return {step.name: value for step, value in zip(self.steps, values)}

    def __call__(self, *xs: Any, logits: bool = False) -> Any:
        """The outputs; with ``logits`` the last layer's activation is left out."""
        return self.forward(*xs, logits=logits)

    def forward(self, *xs: Any, logits: bool = False, **_: Any) -> Any:
        values = list(self.trace(*xs, logits=logits).values())
        found = [values[i] for i in self.outputs]
        found = [autodiff_engine.to_outside(y) if self.channels_last and y.ndim == 4 else y for y in found]
        return found[0] if len(found) == 1 else tuple(found)

    def _step(self, step: Step, xs: Sequence[Variable], bare: bool) -> Variable:
        run = Run(training() and self.learns[step.weights], self.channels_last, self.random)
        y: Variable = step.layer.compute(autodiff_engine, self.weights[step.weights], xs, run)
        activation = getattr(step.layer, step.layer.activation_field, None)
        return y if bare or activation is None else activate(autodiff_engine, activation, y, run)
