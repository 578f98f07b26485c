"""Metrics against scikit-learn's, over random labels and predictions, and where nothing can be divided."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from glasshouse.errors import InputError
from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.metrics import confusion, log_loss, macro, per_class, top_k


@st.composite
def answers(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Labels (N,) and probabilities (N, K); some classes may be missing among both."""
    classes, count, seed = draw(st.integers(2, 9)), draw(st.integers(1, 60)), draw(st.integers(0, 2**32))
    random = np.random.default_rng(seed)
    present = random.choice(classes, size=draw(st.integers(1, classes)), replace=False)
    probabilities = random.dirichlet(np.full(classes, 0.3), count).astype(np.float32)
    return random.choice(present, count).astype(np.int64), probabilities


@settings(max_examples=60, deadline=None)
@given(answers())
def test_confusion_and_class_scores_are_those_of_scikit_learn(
    case: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> None:
    labels, probabilities = case
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    matrix = confusion(labels, predicted, classes)
    assert (matrix == reference.confusion_matrix(labels, predicted, labels=range(classes))).all()
    expected = reference.precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=np.nan)
    for k, score in enumerate(per_class(matrix, [str(k) for k in range(classes)])):
        for mine, theirs in zip((score.precision, score.recall, score.f1), (e[k] for e in expected[:3])):
            assert mine == pytest.approx(theirs) if mine is not None else math.isnan(theirs)
        assert score.support == expected[3][k]
        assert score.interval == wilson(int(matrix[k, k]), score.support)


@settings(max_examples=60, deadline=None)
@given(answers())
def test_log_loss_and_top_k_are_those_of_scikit_learn(case: tuple[NDArray[np.int64], NDArray[np.float32]]) -> None:
    labels, probabilities = case
    classes = list(range(probabilities.shape[1]))
    exact = np.clip(probabilities.astype(np.float64), 1e-15, 1)  # scikit-learn takes less than 2.2e-16 for that
    exact /= exact.sum(axis=1, keepdims=True)
    assert log_loss(exact, labels) == pytest.approx(reference.log_loss(labels, exact, labels=classes), rel=1e-6)
    for k in range(1, len(classes)):
        best = np.sort(probabilities, axis=1)[:, -k]  # ties apart, the truth is in the top k if it is at least the k-th
        expected = (probabilities[np.arange(len(labels)), labels] >= best).mean()
        assert top_k(probabilities, labels, k) == pytest.approx(expected)


def test_what_cannot_be_divided_is_none_and_left_out_of_the_mean() -> None:
    scores = per_class(confusion(np.array([0, 0, 1]), np.array([0, 0, 0]), 3), ["a", "b", "c"])
    a, b, c = scores
    assert (a.precision, a.recall, a.f1) == (2 / 3, 1.0, 0.8)
    assert (b.precision, b.recall, b.f1) == (None, 0.0, 0.0)
    assert (c.precision, c.recall, c.f1, c.interval) == (None, None, None, (0, 1))
    assert macro(scores) == {"precision": 2 / 3, "recall": 0.5, "f1": 0.4}
    assert macro(scores[2:]) == {"precision": None, "recall": None, "f1": None}


def test_a_certain_mistake_costs_much_but_not_infinitely() -> None:
    assert log_loss(np.array([[1.0, 0.0]], np.float32), np.array([1])) == pytest.approx(87.33, abs=0.01)
    assert log_loss(np.array([[1.0, 0.0]], np.float32), np.array([0])) == 0


def test_of_equal_probabilities_the_first_classes_count() -> None:
    assert top_k(np.full((4, 4), 0.25), np.arange(4), 2) == 0.5


def test_probabilities_of_a_diverged_network_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        log_loss(np.array([[np.nan, np.nan]]), np.array([0]))
    with pytest.raises(InputError, match="no picture"):
        log_loss(np.zeros((0, 2)), np.zeros(0, int))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0]])
def test_numbers_that_are_no_class_are_refused(labels: list[int]) -> None:
    with pytest.raises(InputError, match="expected"):
        confusion(np.array(labels), np.array([0, 1]), 3)
