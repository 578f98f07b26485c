"""What a model got wrong, picture by picture: the surest mistakes, the least sure answers, the cells of the matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.store.results import SplitAnswers

__all__ = ["Answered", "cell", "confidence", "least_sure", "worst"]

BINS = 10


@dataclass(frozen=True)
class Answered:
    """One picture: its row in the split, the truth and the answer as class numbers, and how sure the answer was."""

    row: int
    truth: int
    answer: int
    probability: float


def worst(answers: SplitAnswers, most: int = 24) -> list[Answered]:
    """Return wrong answers, the surest first."""
    wrong = np.flatnonzero(answers.top[:, 0] != answers.labels)
    return _answered(answers, wrong[np.argsort(-answers.top_probability[wrong, 0], kind="stable")][:most])


def least_sure(answers: SplitAnswers, most: int = 24) -> list[Answered]:
    """Return the answers, right or wrong, that the model was least sure of."""
    return _answered(answers, np.argsort(answers.top_probability[:, 0], kind="stable")[:most])


def cell(answers: SplitAnswers, truth: int, answer: int, most: int = 120) -> list[Answered]:
    """Return the pictures of class ``truth`` that were taken for ``answer``, the surest first."""
    rows = np.flatnonzero((answers.labels == truth) & (answers.top[:, 0] == answer))
    return _answered(answers, rows[np.argsort(-answers.top_probability[rows, 0], kind="stable")][:most])


def confidence(answers: SplitAnswers) -> list[tuple[int, int, int]]:
    """Return for each tenth of confidence from 0 % on: the percent where it begins, right answers, wrong answers."""
    tenth = np.minimum((answers.top_probability[:, 0] * BINS).astype(int), BINS - 1)
    right = answers.top[:, 0] == answers.labels
    counts = [np.bincount(tenth[chosen], minlength=BINS).tolist() for chosen in (right, ~right)]
    return [(100 // BINS * k, counts[0][k], counts[1][k]) for k in range(BINS)]


def _answered(answers: SplitAnswers, rows: NDArray[np.int64]) -> list[Answered]:
    return [
        Answered(row, int(answers.labels[row]), int(answers.top[row, 0]), float(answers.top_probability[row, 0]))
        for row in rows.tolist()
    ]
