"""The weights of one layer: NumPy arrays in Keras' axes, or torch parameters in the engine's once torch is at work.

Networks that share a layer share its Holder, so that what one learns the other knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glasshouse.errors import WeightsError

from .initializers import draw
from .layer import Weight
from .shapes import text

__all__ = ["Holder", "packed", "refuse", "unpacked"]


def packed(value: np.ndarray, weight: Weight) -> np.ndarray:
    """An array in Keras' axes as engines hold it."""
    if weight.layout == "plain":
        return value
    if weight.layout == "conv":
        return np.ascontiguousarray(value.transpose(3, 2, 0, 1))
    KH, KW, C, M = weight.shape
    return np.ascontiguousarray(value.transpose(2, 3, 0, 1).reshape(C * M, 1, KH, KW))


def unpacked(value: np.ndarray, weight: Weight) -> np.ndarray:
    """An array as engines hold it in Keras' axes."""
    if weight.layout == "plain":
        return value
    if weight.layout == "conv":
        return np.ascontiguousarray(value.transpose(2, 3, 1, 0))
    KH, KW, C, M = weight.shape
    return np.ascontiguousarray(value.reshape(C, M, KH, KW).transpose(2, 3, 0, 1))


class Holder:
    """The weights of one layer; drawn when they are first asked for."""

    def __init__(self, name: str, weights: Sequence[Weight], seed: int) -> None:
        self.name, self.weights, self.seed = name, tuple(weights), seed
        self.trainable = True
        self.module: Any = None  # torch's, once torch is at work
        self._arrays: dict[str, np.ndarray] = {}

    def learn(self, learns: bool) -> None:
        """Whether training moves these weights; heeded at once."""
        self.trainable = learns
        if self.module is not None:
            self.module.learn(learns)

    def arrays(self) -> dict[str, np.ndarray]:
        """Copies of the weights, in Keras' axes."""
        if self.module is not None:
            held = self.module.held()
            return {w.name: unpacked(held[w.name].detach().cpu().numpy().copy(), w) for w in self.weights}
        for w in self.weights:
            if w.name not in self._arrays:
                self._arrays[w.name] = draw(w.initializer, w.shape, self.seed, f"{self.name}/{w.name}")
        return {w.name: self._arrays[w.name].copy() for w in self.weights}

    def engine_arrays(self) -> dict[str, np.ndarray]:
        """Copies of the weights, as engines hold them."""
        arrays = self.arrays()
        return {w.name: packed(arrays[w.name], w) for w in self.weights}

    def set(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Replace weights, given in Keras' axes and checked before by `problems`."""
        values = {name: np.asarray(value, np.float32).copy() for name, value in arrays.items()}
        if self.module is None:
            self._arrays.update(values)
        else:
            for w in self.weights:
                if w.name in values:
                    self.module.put(w.name, packed(values[w.name], w))

    def problems(self, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """What of these arrays does not fit."""
        shapes = {w.name: w.shape for w in self.weights}
        found = [f"{self.name} has no weights {name}; it has {', '.join(shapes) or 'none'}"
                 for name in arrays if name not in shapes]  # fmt: skip
        return found + [
            f"{self.name}/{name} has shape {text(shapes[name])}, got {text(np.shape(value))}"
            for name, value in arrays.items()
            if name in shapes and tuple(np.shape(value)) != shapes[name]
        ]


def refuse(problems: Sequence[str], what: str) -> None:
    """Tell all problems of weights together."""
    if problems:
        raise WeightsError("{what} does not fit this network:\n  {problems}", what=what, problems="\n  ".join(problems))
