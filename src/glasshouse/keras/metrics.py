"""``keras.metrics``: metrics as objects. Each is the word that `compile` knows, so ``metrics=[Accuracy()]`` works."""

from typing import TYPE_CHECKING

from glasshouse.errors import NetworkError, no_such_name

from .hints import METRICS

__all__ = [
    "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "MeanAbsoluteError", "MeanSquaredError",
    "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy",
]  # fmt: skip


def Accuracy() -> str:  # noqa: N802
    """The share of right answers; which kind depends on targets and output."""
    return "accuracy"


def BinaryAccuracy(threshold: float = 0.5) -> str:  # noqa: N802
    """Right where p is above 0.5 and y is 1, or neither."""
    if threshold != 0.5:
        raise NetworkError("the threshold of BinaryAccuracy is 0.5 here, got {threshold}", threshold=threshold)
    return "binary_accuracy"


def CategoricalAccuracy() -> str:  # noqa: N802
    """Right where the largest p is that of the one-hot y."""
    return "categorical_accuracy"


def SparseCategoricalAccuracy() -> str:  # noqa: N802
    """Right where the largest p is number y."""
    return "sparse_categorical_accuracy"


def TopKCategoricalAccuracy(k: int = 5) -> str:  # noqa: N802
    """Right where the one-hot y is among the five largest p."""
    return _five(k, "top_k_categorical_accuracy")


def SparseTopKCategoricalAccuracy(k: int = 5) -> str:  # noqa: N802
    """Right where number y is among the five largest p."""
    return _five(k, "sparse_top_k_categorical_accuracy")


def MeanSquaredError() -> str:  # noqa: N802
    """The mean of (p - y)²."""
    return "mean_squared_error"


def MeanAbsoluteError() -> str:  # noqa: N802
    """The mean of |p - y|."""
    return "mean_absolute_error"


def _five(k: int, word: str) -> str:
    if k != 5:
        raise NetworkError("top-k accuracy counts the first 5 here, got k={k}", k=k)
    return word


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, METRICS)
