"""The steps of a followed picture: what each layer gave, and the derivative of the loss by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.sentences import sentence
from glasshouse.explanation.walk import Stage, Walk
from glasshouse.layers.activations import ACTIVATIONS
from glasshouse.layers.layer import InputLayer

__all__ = ["FollowStep", "steps_of"]

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class FollowStep:
    """One layer: ``value`` is what it gave for the picture, ``gradient`` the derivative of the loss by that.

    Both are (C, H, W) or (D,); the last layer's are those of the numbers before softmax. ``shape`` is the network's
    own layout, ``weights`` the shapes of the layer's arrays in Keras' axes, ``inputs`` the names of the steps before.
    """

    name: str
    kind: str
    sentence: str
    activation: str | None
    shape: tuple[int, ...]
    value: Array
    gradient: Array
    weights: Mapping[str, tuple[int, ...]]
    inputs: tuple[str, ...]

    @property
    def gradient_norm(self) -> float:
        """The length of the gradient."""
        return float(np.sqrt((self.gradient**2).sum()))

    @property
    def formula(self) -> str:
        """The formula of the activation, empty if there is none."""
        return ACTIVATIONS.get(self.activation or "", "")


def steps_of(walk: Walk) -> tuple[FollowStep, ...]:
    """Every layer, from the picture to the classes."""
    return tuple(_step(walk, stage) for stage in walk.stages)


def _step(walk: Walk, stage: Stage) -> FollowStep:
    layer, holder = stage.step.layer, walk.net.holders.get(stage.step.weights)
    kind, activation, y = type(layer).__name__, stage.activation, stage.after
    gradient = np.zeros(y.shape) if y.grad is None else y.grad.data
    return FollowStep(
        stage.name, kind, sentence(kind, activation, ACTIVATIONS.get(activation or "", "")), activation,
        tuple(stage.step.shape(walk.net.channels_last)), np.asarray(y.data[0]), np.asarray(gradient[0]),
        {} if holder is None or isinstance(layer, InputLayer) else {w.name: w.shape for w in holder.weights},
        tuple(walk.stages[i].name for i in stage.step.inputs),
    )  # fmt: skip
