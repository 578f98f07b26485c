"""The report: what a model is worth on the pictures of one split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError
from glasshouse.evaluation.baselines import Baseline
from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.metrics import ClassScore, confusion, log_loss, macro, per_class, top_k
from glasshouse.evaluation.reliability import not_beaten, too_wide
from glasshouse.evaluation.report_html import as_html
from glasshouse.evaluation.report_markdown import as_markdown
from glasshouse.evaluation.report_text import as_text
from glasshouse.messages import Message, with_messages, with_parts

__all__ = ["Report", "measure"]


@dataclass(frozen=True)
class Report:
    """Scores of one model on one split; all of them are fractions 0..1, every interval is 95 %.

    ``confusion`` has the truth in rows; ``top5`` is None up to five classes; ``loss`` is the mean -ln p(truth);
    ``openings`` tells for a sealed test split how often it was opened before; ``dataset`` is its fingerprint.
    """

    split: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    top5: float | None
    classes: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    baselines: tuple[Baseline, ...] = ()
    seconds: float = 0.0
    run: str | None = None
    dataset: str | None = None
    openings: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to keep in mind when reading the numbers: ``notes``, and what follows from the numbers."""
        return (*self.notes, *_warnings(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the words of ``glasshouse evaluate --json``."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "loss": self.loss,
            "count": self.count,
            "split": self.split,
            "baselines": [baseline.to_dict() for baseline in self.baselines],
            "seconds": self.seconds,
            "run": self.run,
            "top5": self.top5,
            "classes": list(self.classes),
            "macro": macro(self.per_class),
            "per_class": [_class_dict(score) for score in self.per_class],
            "confusion": [list(row) for row in self.confusion],
            "dataset": self.dataset,
            "openings": self.openings,
            **with_parts({"notes": list(self.notes), "warnings": list(self.warnings)}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build it from what ``to_dict`` gave; what follows from the rest is computed again.

        Raises:
            InputError: a needed word is missing.
        """
        try:
            return cls(
                **{name: data[name] for name in ("split", "count", "accuracy", "loss", "top5")},
                **{name: data[name] for name in ("seconds", "run", "dataset", "openings")},
                interval=_pair(data["interval"]),
                classes=tuple(data["classes"]),
                per_class=tuple(ClassScore(**{**row, "interval": _pair(row["interval"])}) for row in data["per_class"]),
                confusion=tuple(tuple(row) for row in data["confusion"]),
                baselines=tuple(Baseline.from_dict(row) for row in data["baselines"]),
                notes=tuple(with_messages(data)["notes"]),
            )
        except (KeyError, TypeError, IndexError) as error:
            raise InputError(
                "This is no report that Glasshouse wrote: {error} is missing or odd.", error=repr(error)
            ) from None

    def __str__(self) -> str:
        return as_text(self.to_dict())

    def to_markdown(self) -> Message:
        """Return the report as Markdown: scores, baselines, classes and the confusion matrix."""
        return as_markdown(with_messages(self.to_dict()))

    def _repr_html_(self) -> str:
        return as_html(self.to_dict())


def measure(
    probabilities: NDArray[np.floating], labels: NDArray[np.integer], classes: Sequence[str], split: str
) -> Report:
    """Return the report on probabilities (N, K) for pictures whose truth is ``labels`` (N,), without baselines.

    Raises:
        InputError: there are no pictures, the shapes do not fit, or a probability is not finite.
    """
    if probabilities.shape != (len(labels), len(classes)):
        raise InputError(
            "measure: expected probabilities ({labels}, {classes}), got {shape}",
            labels=len(labels),
            classes=len(classes),
            shape=probabilities.shape,
        )
    loss = log_loss(probabilities, labels)
    matrix = confusion(labels, probabilities.argmax(axis=1), len(classes))
    correct, count = int(matrix.trace()), len(labels)
    return Report(
        split=split,
        count=count,
        accuracy=correct / count,
        interval=wilson(correct, count),
        loss=loss,
        top5=top_k(probabilities, labels, 5) if len(classes) > 5 else None,
        classes=tuple(classes),
        per_class=per_class(matrix, classes),
        confusion=tuple(map(tuple, matrix.tolist())),
    )


def _warnings(report: Report) -> list[str]:
    found: list[str] = []
    low, high = report.interval
    if too_wide(report.interval):
        found.append(
            Message(
                "Few pictures: with {count} of them the accuracy is known only to lie between {low} % and {high} %; "
                "do not rely on small differences.",
                count=f"{report.count:,}",
                low=f"{100 * low:.1f}",
                high=f"{100 * high:.1f}",
            )
        )
    if not_beaten(low, [baseline.accuracy for baseline in report.baselines]) is not None:
        best = max(report.baselines, key=lambda baseline: baseline.accuracy)
        found.append(
            Message(
                "Not clearly better than a simple baseline ({name}: {accuracy} %).",
                name=best.name,
                accuracy=f"{100 * best.accuracy:.1f}",
            )
        )
    if empty := [score.name for score in report.per_class if score.support == 0]:
        found.append(
            Message(
                (
                    "No pictures in this split of: {empty} and more."
                    if len(empty) > 10
                    else "No pictures in this split of: {empty}."
                ),
                empty=", ".join(empty[:10]),
            )
        )
    return found


def _class_dict(score: ClassScore) -> dict[str, Any]:
    names = ("name", "precision", "recall", "f1", "support")
    return {**{name: getattr(score, name) for name in names}, "interval": list(score.interval)}


def _pair(values: Sequence[float]) -> tuple[float, float]:
    return values[0], values[1]
