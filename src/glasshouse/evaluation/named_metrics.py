"""Scores by their names, as a training is asked to tell them after each epoch; scikit-learn computes them."""

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError
from glasshouse.evaluation.metrics import top_k

__all__ = ["METRICS", "check_metrics", "named_scores"]

Labels = NDArray[np.integer]
Probabilities = NDArray[np.floating]
_TOP = re.compile(r"top_([1-9]\d{0,3})")


def _accuracy(labels: Labels, probabilities: Probabilities) -> float:
    return float((probabilities.argmax(1) == labels).mean())


def _f1(labels: Labels, probabilities: Probabilities) -> float:
    from sklearn.metrics import f1_score  # slow to import

    return float(f1_score(labels, probabilities.argmax(1), average="macro", zero_division=0.0))


def _precision(labels: Labels, probabilities: Probabilities) -> float:
    from sklearn.metrics import precision_score

    return float(precision_score(labels, probabilities.argmax(1), average="macro", zero_division=0.0))


def _balanced(labels: Labels, probabilities: Probabilities) -> float:
    """The mean of the recalls of the classes that have pictures."""
    from sklearn.metrics import recall_score

    there = np.unique(labels)
    return float(recall_score(labels, probabilities.argmax(1), labels=there, average="macro", zero_division=0.0))


def _kappa(labels: Labels, probabilities: Probabilities) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    guess = probabilities.argmax(1)
    if len(np.union1d(labels, guess)) < 2:
        return None  # 0/0: only one class, and always right
    return float(cohen_kappa_score(labels, guess))


def _mcc(labels: Labels, probabilities: Probabilities) -> float | None:
    from sklearn.metrics import matthews_corrcoef

    guess = probabilities.argmax(1)
    return None if len(np.union1d(labels, guess)) < 2 else float(matthews_corrcoef(labels, guess))


def _auroc(labels: Labels, probabilities: Probabilities) -> float | None:
    """The area under the ROC curve, each class against the rest, and their mean; None if a class has no pictures."""
    from sklearn.metrics import roc_auc_score

    classes = probabilities.shape[1]
    if len(np.unique(labels)) < classes:
        return None
    areas = [roc_auc_score(labels == k, probabilities[:, k]) for k in range(1 if classes == 2 else 0, classes)]
    return float(np.mean(areas))


METRICS: dict[str, Callable[[Labels, Probabilities], float | None]] = {
    "accuracy": _accuracy,
    "error_rate": lambda labels, probabilities: 1.0 - _accuracy(labels, probabilities),
    "f1": _f1,
    "precision": _precision,
    "balanced_accuracy": _balanced,
    "kappa": _kappa,
    "mcc": _mcc,
    "auroc": _auroc,
}


def check_metrics(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names as a tuple; one name may come alone.

    Raises:
        InputError: there is no metric of a name; all of them are listed.
    """
    given = (names,) if isinstance(names, str) else tuple(names)
    for name in given:
        if not isinstance(name, str) or (name not in METRICS and not _TOP.fullmatch(name)):
            raise InputError(
                "There is no metric {name}; there are {known}, and top_3, top_5 and so on.",
                name=repr(name),
                known=", ".join(METRICS),
            )
    return given


def named_scores(names: Sequence[str], labels: Labels, probabilities: Probabilities) -> dict[str, float | None]:
    """Return each metric of probabilities (N, K) for labels (N,); None where it is not defined, such as 0/0."""
    found: dict[str, float | None] = {}
    for name in check_metrics(names):
        k = _TOP.fullmatch(name)
        found[name] = top_k(probabilities, labels, int(k[1])) if k else METRICS[name](labels, probabilities)
    return found
