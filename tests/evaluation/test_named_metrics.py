"""Metrics by name: scikit-learn's own answers, and what is not defined is None."""

import numpy as np
import pytest
from sklearn import metrics

from glasshouse.errors import InputError
from glasshouse.evaluation.named_metrics import METRICS, named_scores

RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 3, 60)
PROBABILITIES = RNG.dirichlet(np.ones(3), 60)


def test_the_metrics_are_those_of_scikit_learn() -> None:
    found, guess = named_scores([*METRICS, "top_2"], LABELS, PROBABILITIES), PROBABILITIES.argmax(1)
    wanted = {
        "accuracy": metrics.accuracy_score(LABELS, guess),
        "error_rate": 1 - metrics.accuracy_score(LABELS, guess),
        "f1": metrics.f1_score(LABELS, guess, average="macro"),
        "precision": metrics.precision_score(LABELS, guess, average="macro"),
        "balanced_accuracy": metrics.balanced_accuracy_score(LABELS, guess),
        "kappa": metrics.cohen_kappa_score(LABELS, guess),
        "mcc": metrics.matthews_corrcoef(LABELS, guess),
        "auroc": metrics.roc_auc_score(LABELS, PROBABILITIES, multi_class="ovr"),
        "top_2": metrics.top_k_accuracy_score(LABELS, PROBABILITIES, k=2),
    }
    assert found == pytest.approx(wanted)
    two = PROBABILITIES[:, :2] / PROBABILITIES[:, :2].sum(1, keepdims=True)
    area = metrics.roc_auc_score(LABELS == 1, two[:, 1])
    assert named_scores(["auroc"], (LABELS == 1).astype(int), two)["auroc"] == pytest.approx(area)


def test_what_is_not_defined_is_none_and_warns_of_nothing() -> None:
    sure = np.eye(3)[np.zeros(4, int)]
    found = named_scores(list(METRICS), np.zeros(4, int), sure)
    assert found["auroc"] is None and found["kappa"] is None and found["balanced_accuracy"] == 1


def test_an_unknown_metric_names_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"no metric 'f2'; there are accuracy, error_rate.*top_3"):
        named_scores(["f2"], LABELS, PROBABILITIES)
