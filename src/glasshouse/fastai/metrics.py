"""fastai's metrics, to be given to ``vision_learner``, or called with probabilities (N, K) and labels (N,)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glasshouse.errors import InputError
from glasshouse.evaluation.named_metrics import named_scores

__all__ = ["BalancedAccuracy", "CohenKappa", "F1Score", "MatthewsCorrCoef", "Metric", "Precision", "Recall", "RocAuc",
           "RocAucBinary", "accuracy", "error_rate", "metric_names", "top_k_accuracy"]  # fmt: skip


@dataclass(frozen=True)
class Metric:
    """A metric by its name in Glasshouse, a function of probabilities and labels."""

    name: str

    def __call__(self, inp: ArrayLike, targ: ArrayLike, k: int | None = None) -> float | None:
        """Return the metric of probabilities (N, K) and labels (N,); None where it is not defined."""
        name = self.name if k is None else f"top_{k}"
        return named_scores([name], np.asarray(targ), np.asarray(inp, np.float64))[name]


accuracy = Metric("accuracy")
error_rate = Metric("error_rate")
top_k_accuracy = Metric("top_5")


def F1Score(average: str = "macro") -> Metric:  # noqa: N802
    """The mean of the F1 scores of the classes."""
    return _macro("f1", "F1Score", average)


def Precision(average: str = "macro") -> Metric:  # noqa: N802
    """The mean of the precisions of the classes."""
    return _macro("precision", "Precision", average)


def Recall(average: str = "macro") -> Metric:  # noqa: N802
    """The mean of the recalls of the classes, which is the balanced accuracy."""
    return _macro("balanced_accuracy", "Recall", average)


def BalancedAccuracy() -> Metric:  # noqa: N802
    """The mean of the recalls of the classes."""
    return Metric("balanced_accuracy")


def CohenKappa() -> Metric:  # noqa: N802
    """Cohen's kappa: agreement beyond chance."""
    return Metric("kappa")


def MatthewsCorrCoef() -> Metric:  # noqa: N802
    """Matthews' correlation of labels and predictions."""
    return Metric("mcc")


def RocAuc() -> Metric:  # noqa: N802
    """The area under the ROC curve, each class against the rest, and the mean of these."""
    return Metric("auroc")


RocAucBinary = RocAuc


def metric_names(metrics: object) -> tuple[str, ...]:
    """Return Glasshouse's names of one or several metrics; ``partial(top_k_accuracy, k=2)`` is one too.

    Raises:
        InputError: something is none of them.
    """
    given: Iterable[Any] = metrics if isinstance(metrics, list | tuple) else (metrics,)
    return tuple(_name(one) for one in given)


def _name(metric: Metric | str | Callable[..., Any]) -> str:
    if isinstance(metric, partial) and metric.func is top_k_accuracy and set(metric.keywords) == {"k"}:
        return f"top_{metric.keywords['k']}"
    if isinstance(metric, Metric | str):
        return metric if isinstance(metric, str) else metric.name
    known = [name for name in __all__ if name not in ("Metric", "metric_names")]
    raise InputError("{metric} is no metric that a training tells; there are {known}",
                     metric=repr(metric), known=", ".join(known))  # fmt: skip


def _macro(name: str, word: str, average: str) -> Metric:
    if average != "macro":
        raise InputError("{word} is the mean over the classes here: write {word}(average={macro})",
                         word=word, macro=repr("macro"))  # fmt: skip
    return Metric(name)
