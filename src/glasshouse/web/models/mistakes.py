"""What a model answered, picture by picture: mistakes, doubts, the cells of the matrix, the surest of each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.store.results import SplitAnswers

__all__ = ["KINDS", "ORDERS", "Answered", "Bin", "calibration", "cell", "confidence", "least_sure", "select", "topmost",
           "worst"]  # fmt: skip

BINS = 10
KINDS = ("all", "wrong", "right", "unread")
ORDERS = ("source", "sure", "unsure")


@dataclass(frozen=True)
class Answered:
    """One picture: its row, the truth and the answer as class numbers (-1: not known), how sure the answer was."""

    row: int
    truth: int
    answer: int
    probability: float


@dataclass(frozen=True)
class Bin:
    """A tenth of confidence from ``low`` percent on: right and wrong answers in it, and how sure they were (mean)."""

    low: int
    right: int
    wrong: int
    sure: float


def select(
    answers: SplitAnswers, kind: str = "all", order: str = "source", answer: int | None = None, truth: int | None = None
) -> NDArray[np.int64]:
    """Return the rows of a ``kind`` (wrong and right: of those whose truth is known), of one answer, of one truth.

    The order is that of the source, or the surest or the least sure first; unread pictures come last.
    """
    first, labels = answers.top[:, 0], answers.labels
    chosen = {
        "all": np.ones(len(labels), bool),
        "wrong": (labels >= 0) & (first >= 0) & (first != labels),
        "right": (labels >= 0) & (first == labels),
        "unread": first < 0,
    }[kind]
    if answer is not None:
        chosen = chosen & (first == answer)
    if truth is not None:
        chosen = chosen & (labels == truth)
    rows = np.flatnonzero(chosen)
    if order == "source":
        return rows
    sure = answers.top_probability[rows, 0]
    key = np.where(first[rows] < 0, np.inf, -sure if order == "sure" else sure)
    return rows[np.argsort(key, kind="stable")]


def worst(answers: SplitAnswers, most: int = 24) -> list[Answered]:
    """Return wrong answers, the most confident first."""
    return _answered(answers, select(answers, "wrong", "sure")[:most])


def least_sure(answers: SplitAnswers, most: int = 24) -> list[Answered]:
    """Return the answers, right or wrong, that the model was least sure of."""
    return _answered(answers, select(answers, "all", "unsure")[:most])


def cell(answers: SplitAnswers, truth: int, answer: int) -> list[Answered]:
    """Return the pictures of class ``truth`` that were taken for ``answer``, the most confident first."""
    return _answered(answers, select(answers, "all", "sure", answer, truth))


def topmost(answers: SplitAnswers, classes: Sequence[int], most: int) -> list[list[Answered]]:
    """Return for each of ``classes`` the pictures to which the model gave it the greatest probability.

    ``probability`` is that of the class, ``answer`` what the model said in the end, which may be another. Only classes
    among the first that are kept for a picture (five) are known.
    """
    found = []
    for number in classes:
        rows, places = np.nonzero(answers.top == number)
        sure = answers.top_probability[rows, places]
        best = np.argsort(-sure, kind="stable")[:most]
        found.append([
            Answered(row, int(answers.labels[row]), int(answers.top[row, 0]), float(chance))
            for row, chance in zip(rows[best].tolist(), sure[best].tolist())
        ])  # fmt: skip
    return found


def confidence(answers: SplitAnswers) -> list[Bin]:
    """Return each tenth of confidence from 0 % on; pictures without truth, or that were not read, are left out."""
    known = (answers.labels >= 0) & (answers.top[:, 0] >= 0)
    sure = answers.top_probability[known, 0].astype(np.float64)
    right = answers.top[known, 0] == answers.labels[known]
    tenth = np.minimum((sure * BINS).astype(int), BINS - 1)
    counts = [np.bincount(tenth[chosen], minlength=BINS) for chosen in (right, ~right)]
    sums = np.bincount(tenth, weights=sure, minlength=BINS)
    whole = counts[0] + counts[1]
    means = np.divide(sums, whole, out=np.zeros(BINS), where=whole > 0)
    return [
        Bin(100 // BINS * k, int(counts[0][k]), int(counts[1][k]), float(means[k])) for k in range(BINS)
    ]  # fmt: skip


def calibration(bins: Sequence[Bin]) -> tuple[float, float, float]:
    """Return how sure the answers were in the mean, how many were right, and the calibration error, all 0..1.

    The error is the mean distance between confidence and accuracy over the tenths, weighted by their answers (expected
    calibration error, Naeini et al. 2015).
    """
    total = sum(one.right + one.wrong for one in bins)
    if not total:
        return 0.0, 0.0, 0.0
    sure = sum(one.sure * (one.right + one.wrong) for one in bins) / total
    gap = sum(abs(one.sure * (one.right + one.wrong) - one.right) for one in bins) / total
    return sure, sum(one.right for one in bins) / total, gap


def _answered(answers: SplitAnswers, rows: NDArray[np.int64]) -> list[Answered]:
    return [
        Answered(row, int(answers.labels[row]), int(answers.top[row, 0]), float(answers.top_probability[row, 0]))
        for row in rows.tolist()
    ]
