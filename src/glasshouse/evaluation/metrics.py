"""Counts and scores of predictions. N pictures, K classes; what is 0/0 is None, not 0."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError
from glasshouse.evaluation.intervals import wilson

__all__ = ["ClassScore", "confusion", "log_loss", "macro", "per_class", "top_k"]

Integers = NDArray[np.integer]
Reals = NDArray[np.floating]


@dataclass(frozen=True)
class ClassScore:
    """How one class fares; ``support`` is the number of its pictures, ``interval`` (95 %) that of the recall.

    precision = right / predicted as it (None: never predicted), recall = right / support (None: no pictures),
    F1 = 2·right / (support + predicted as it), None if both are 0.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    interval: tuple[float, float]


def confusion(labels: Integers, predicted: Integers, classes: int) -> NDArray[np.int64]:
    """Return how often class i (row: the truth) was taken for class j (column), int64 (K, K).

    Raises:
        InputError: the arrays differ in length, or hold a number that is no class.
    """
    truth, guess = (np.asarray(a, dtype=np.int64) for a in (labels, predicted))
    if truth.shape != guess.shape or truth.ndim != 1:
        raise InputError(
            "confusion: expected two lists of one length, got {shape} and {shape2}",
            shape=truth.shape,
            shape2=guess.shape,
        )
    if len(truth) and not (min(truth.min(), guess.min()) >= 0 and max(truth.max(), guess.max()) < classes):
        raise InputError("confusion: expected class numbers from 0 to {classes}", classes=classes - 1)
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes)


def per_class(matrix: NDArray[np.int64], names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return the scores of each class from a confusion matrix (K, K) with the truth in rows."""
    right, support, claimed = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return tuple(
        ClassScore(
            name,
            precision=_ratio(hits, taken),
            recall=_ratio(hits, count),
            f1=_ratio(2 * hits, count + taken),
            support=count,
            interval=wilson(hits, count),
        )
        for name, hits, count, taken in zip(names, right.tolist(), support.tolist(), claimed.tolist())
    )


def macro(scores: Sequence[ClassScore]) -> dict[str, float | None]:
    """Return the plain mean of precision, recall and F1, each over the classes where it is defined."""
    return {
        name: _mean([value for score in scores if (value := getattr(score, name)) is not None])
        for name in ("precision", "recall", "f1")
    }


def log_loss(probabilities: Reals, labels: Integers) -> float:
    """Return the mean of -ln p(truth) over the rows of (N, K); a p of 0 counts as the smallest float32, 1.2e-38.

    Raises:
        InputError: a probability is not finite, as those of a diverged network, or there is no row.
    """
    if not len(labels):
        raise InputError("log_loss: there is no picture to score")
    if not np.isfinite(probabilities).all():
        raise InputError("The network's probabilities are not finite (NaN); its weights are of no use.")
    truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(truth, np.finfo(np.float32).tiny, 1.0)).mean()) + 0.0  # never -0.0


def top_k(probabilities: Reals, labels: Integers, k: int) -> float:
    """Return the part of the rows of (N, K) whose truth is among the k most probable; of equals the first counts."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((best == np.asarray(labels)[:, None]).any(axis=1).mean())


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
