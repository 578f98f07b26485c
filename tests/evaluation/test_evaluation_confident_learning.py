"""Confident learning against the paper's definitions written out row by row, and against planted wrong labels."""

import numpy as np
import pytest

from glasshouse.evaluation.confident_learning import confident_joint, confidently_other, expected_wrong


def joint_written_out(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The confident joint as Northcutt and others (2021) define it, equations 1 and 2, with their calibration (3)."""
    n, classes = p.shape
    threshold = [np.mean([p[i, k] for i in range(n) if y[i] == k]) for k in range(classes)]
    counts = np.zeros((classes, classes))
    for i in range(n):
        over = [k for k in range(classes) if p[i, k] >= threshold[k]]
        if over:
            counts[y[i], max(over, key=lambda k: p[i, k])] += 1
    return np.stack([counts[j] / counts[j].sum() * np.sum(y == j) for j in range(classes)])


def noisy(seed: int, count: int = 300, wrong: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, 4, count)
    logits = draw.normal(size=(count, 4)) + 4 * np.eye(4)[truth]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    flipped = draw.choice(count, round(wrong * count), replace=False)
    y = truth.copy()
    y[flipped] = (truth[flipped] + draw.integers(1, 4, len(flipped))) % 4
    return p, y, flipped


@pytest.mark.parametrize("seed", range(4))
def test_the_joint_is_that_of_the_paper(seed: int) -> None:
    p, y, flipped = noisy(seed)
    np.testing.assert_allclose(confident_joint(p, y), joint_written_out(p, y))
    found = np.flatnonzero(confidently_other(p, y))
    assert np.isin(found, flipped).mean() > 0.9 and np.isin(flipped, found).mean() > 0.6


def test_the_number_of_wrong_labels_is_in_its_interval() -> None:
    inside = 0
    for seed in range(20):
        p, y, flipped = noisy(seed, wrong=0.05 + 0.01 * seed)
        told = expected_wrong(p, y, np.arange(len(y)))
        assert told.interval[0] <= told.count <= told.interval[1]
        inside += told.interval[0] <= len(flipped) <= told.interval[1]
    assert inside >= 17
    assert told == expected_wrong(p, y, np.arange(len(y)))  # nothing of it is drawn anew


def test_corners() -> None:
    p = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.7, 0.3, 0.0]])
    assert confident_joint(p, np.array([0, 1, 1])).sum() == 3  # a class without pictures is no trouble
    same = np.full((6, 2), 0.5)
    told = expected_wrong(same, np.array([0, 0, 0, 1, 1, 1]), np.zeros(6, np.int64))
    assert 0 <= told.interval[0] <= told.count <= told.interval[1] <= 6
    labels = np.arange(1000) % 2
    told = expected_wrong(np.eye(2)[labels], labels, np.arange(1000))
    assert told.count == 0 and told.interval == (0, 4)  # that none is seen does not mean that there is none
