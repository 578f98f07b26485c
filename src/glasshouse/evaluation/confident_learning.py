"""Confident learning: which labels disagree with out-of-sample probabilities, and how many are wrong in all.

p (N, K) are the probabilities of pictures by models that did not see them, y (N,) their labels. A class's threshold is
the mean probability that its own pictures have for it, t_k = mean of p_ik over y_i = k. A picture is confidently of
class k if p_ik >= t_k (of several, the one with the largest p). The confident joint C[j, k] counts the pictures of
label j that are confidently of class k. Each row is scaled to the number of pictures with that label: the sum off the
diagonal is the number of wrong labels.

Source: C. G. Northcutt, L. Jiang, I. L. Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, 2021.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.evaluation.intervals import wilson

__all__ = ["ExpectedWrong", "confident_joint", "confidently_other", "expected_wrong"]

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]
RESAMPLED = 1000


@dataclass(frozen=True)
class ExpectedWrong:
    """How many labels are wrong in all: the estimate, and the ends of its interval of 95 %."""

    count: int
    interval: tuple[int, int]


def thresholds(p: Array, y: Numbers) -> Array:
    """Return t (K,), the mean probability of each class for pictures that have its label; 1 for a class without any."""
    counts = np.bincount(y, minlength=p.shape[1])
    sums = np.bincount(y, p[np.arange(len(y)), y], minlength=p.shape[1])
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)


def confident_classes(p: Array, y: Numbers) -> Numbers:
    """Return the class that each picture is confidently of, -1 for none, int64 (N,)."""
    over = np.where(p >= thresholds(p, y) - 1e-12, p, -1.0)
    return np.where(over.max(1) >= 0, over.argmax(1), -1).astype(np.int64)


def confidently_other(p: Array, y: Numbers) -> NDArray[np.bool_]:
    """Return which pictures are confidently of a class that is not their label, bool (N,)."""
    found = confident_classes(p, y)
    return np.asarray((found >= 0) & (found != y))


def confident_joint(p: Array, y: Numbers) -> Array:
    """Return the pictures of label j (rows) that are of class k (columns), (K, K).

    Each row sums to the pictures with its label. A label of which no picture is confidently of anything is taken as it
    is.
    """
    found, classes = confident_classes(p, y), p.shape[1]
    sure = found >= 0
    return _scaled(
        np.bincount(y[sure] * classes + found[sure], minlength=classes**2), np.bincount(y, minlength=classes)
    )


def expected_wrong(p: Array, y: Numbers, groups: Numbers, seed: int = 0) -> ExpectedWrong:
    """Return how many labels are wrong, with an interval of 95 % by drawing groups of pictures again (bootstrap).

    It is at least as wide as Wilson's of that many among N.
    ``groups`` (N,) says which pictures belong together; a group is drawn as a whole.
    """
    found, classes = confident_classes(p, y), p.shape[1]
    _, group = np.unique(groups, return_inverse=True)
    cells = np.where(found >= 0, y * classes + found, classes**2)  # the last one: of nothing
    draw = np.random.default_rng(seed)
    count = _wrong(np.bincount(cells, minlength=classes**2 + 1), np.bincount(y, minlength=classes))
    others = []
    for _ in range(RESAMPLED):
        times = np.bincount(draw.integers(0, group.max() + 1, group.max() + 1), minlength=group.max() + 1)[group]
        joint = np.bincount(cells, times, minlength=classes**2 + 1)
        others.append(_wrong(joint, np.bincount(y, times, minlength=classes)) * len(y) / max(times.sum(), 1))
    few = wilson(min(round(count), len(y)), len(y))  # where hardly any is wrong, drawing again says too little
    low, high = np.quantile(others, (0.025, 0.975))
    low, high = min(low, few[0] * len(y)), max(high, few[1] * len(y))
    return ExpectedWrong(round(count), (int(np.floor(min(low, count))), int(np.ceil(max(high, count)))))


def _wrong(cells: NDArray[np.floating] | Numbers, labels: NDArray[np.floating] | Numbers) -> float:
    joint = _scaled(cells[:-1], labels)
    return float(joint.sum() - np.trace(joint))


def _scaled(cells: NDArray[np.floating] | Numbers, labels: NDArray[np.floating] | Numbers) -> Array:
    counts = cells.reshape(len(labels), len(labels)).astype(np.float64)
    rows = counts.sum(1, keepdims=True)
    shares: Array = np.where(rows > 0, counts / np.maximum(rows, 1e-300), np.eye(len(labels)))
    return shares * labels.astype(np.float64)[:, None]
