"""What a model says about one picture, as an answer in numbers and as a prediction in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.messages import Message, with_parts

__all__ = ["Answer", "Prediction", "unfamiliar"]


@dataclass(frozen=True)
class Prediction:
    """What a model says about one picture.

    ``top`` has the most probable classes with their probabilities (0..1), best first. If the picture could not be
    read, ``error`` is the reason, ``label`` and ``probability`` are None and ``top`` is empty. ``path`` is None for
    a picture that came as bytes, as an array or as a PIL image. ``names`` are display names by class.

    ``familiarity`` is the share (0..1) of training pictures that are less like the others than this one, and
    ``none_of_these`` whether it is so low that the picture probably shows none of the classes; None of models that
    cannot say. ``answer_set`` are the classes of the list that was asked for by its coverage.
    """

    path: str | None
    label: str | None
    probability: float | None
    top: tuple[tuple[str, float], ...] = ()
    error: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    familiarity: float | None = None
    none_of_these: bool | None = None
    answer_set: tuple[str, ...] | None = None

    @property
    def name(self) -> str | None:
        """The display name of the most probable class, or the class itself where it has none."""
        return None if self.label is None else self.names.get(self.label, self.label)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse predict --json``; ``name`` where a class has a display name."""
        found: dict[str, Any] = {
            "path": self.path,
            "label": self.label,
            **self._named(self.label),
            "probability": self.probability,
            "top": [
                {"label": label, **self._named(label), "probability": probability} for label, probability in self.top
            ],
            **self._limits(),
            "error": self.error,
        }
        return found if self.error is None else dict(with_parts(found))

    def _limits(self) -> dict[str, Any]:
        known = {"familiarity": self.familiarity, "none_of_these": self.none_of_these}
        found = {} if self.familiarity is None else dict(known)
        return found if self.answer_set is None else {**found, "set": list(self.answer_set)}

    def _named(self, label: str | None) -> dict[str, str]:
        name = self.names.get(label or "")
        return {} if name is None else {"name": name}

    def __str__(self) -> str:
        name = f"{self.path}: " if self.path else ""
        if self.error is not None:
            return f"{name}error: {self.error}"
        shown = ((self.names.get(label, label), probability) for label, probability in self.top)
        text = name + ", ".join(f"{label} {100 * probability:.1f} %" for label, probability in shown)
        if self.answer_set is not None:
            text += " {" + ", ".join(self.names.get(label, label) for label in self.answer_set) + "}"
        return f"{text} - none of these? It is {unfamiliar(self.familiarity)}" if self.none_of_these else text


@dataclass(frozen=True)
class Answer:
    """A model's answer before it is put into words: probabilities (K,), and the familiarity if it can say."""

    probabilities: NDArray[np.float32]
    familiarity: float | None = None


def unfamiliar(familiarity: float | None) -> Message:
    """Return how little a picture is like those that were learned from, in words."""
    more = 100 - math.floor(100 * (familiarity or 0))
    return Message("less like your pictures than {count} of 100 of them", count=more)
