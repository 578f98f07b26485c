"""How the layers learned over the steps of a run, as the model's page shows it: a row a layer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.explanation.layers.histograms import histogram_path
from glasshouse.store.points import Point
from glasshouse.web.framework.charts import sparkline

__all__ = ["LayerLearning", "layer_learning"]

LOW, HIGH = 1e-5, 1e-1  # a step that moves weights by less or more than this part of them is unusual
DEAD = 0.5


@dataclass(frozen=True)
class LayerLearning:
    """A layer: its latest numbers, their course on a logarithmic scale, and the outline of its weights' histogram."""

    name: str
    gradient: float | None
    gradients: str
    update: float | None
    updates: str
    dead: float | None
    weights: str

    @property
    def odd(self) -> bool:
        """Whether a number is unusual."""
        moved = self.update is not None and not LOW <= self.update <= HIGH
        return moved or (self.dead is not None and self.dead > DEAD)


def layer_learning(measures: Sequence[Point]) -> list[LayerLearning]:
    """Return the layers of a run in the order of its last measure; ``measures`` are its events ``layers``."""
    courses: dict[str, dict[str, list[Any]]] = {}
    for measure in measures:
        for layer in measure.get("layers", ()):
            course = courses.setdefault(str(layer.get("name")), {})
            for key in ("gradient", "update", "dead", "weights"):
                if layer.get(key) is not None:
                    course.setdefault(key, []).append(layer[key])
    return [_row(name, course) for name, course in courses.items()]


def _row(name: str, course: Mapping[str, list[Any]]) -> LayerLearning:
    gradients, updates = course.get("gradient", []), course.get("update", [])
    counts = course["weights"][-1]["counts"] if "weights" in course else []
    outline = histogram_path({"counts": counts}, 120, 24) if counts else ""
    return LayerLearning(
        name, gradients[-1] if gradients else None, sparkline(_log(gradients)),
        updates[-1] if updates else None, sparkline(_log(updates)),
        course["dead"][-1] if "dead" in course else None, outline,
    )  # fmt: skip


def _log(values: Sequence[float]) -> list[float]:
    return [math.log10(value) for value in values if value > 0]
