"""``keras.metrics``: metrics as objects. Each is the word that `compile` knows, so ``metrics=[Accuracy()]`` works.

``name=`` is what the metric is called in a History: ``SparseCategoricalAccuracy(name="acc")``.
"""

from typing import TYPE_CHECKING

from glasshouse.errors import NetworkError, no_such_name

from .hints import METRICS

__all__ = [
    "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "MeanAbsoluteError", "MeanSquaredError",
    "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy", "binary_accuracy",
    "categorical_accuracy", "mae", "mean_absolute_error", "mean_squared_error", "mse", "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy",
]  # fmt: skip

binary_accuracy, categorical_accuracy = "binary_accuracy", "categorical_accuracy"
sparse_categorical_accuracy = "sparse_categorical_accuracy"
top_k_categorical_accuracy = "top_k_categorical_accuracy"
sparse_top_k_categorical_accuracy = "sparse_top_k_categorical_accuracy"
mean_squared_error = mse = "mean_squared_error"
mean_absolute_error = mae = "mean_absolute_error"


def Accuracy(name: str | None = None) -> str:  # noqa: N802
    """The share of right answers; which kind depends on targets and output."""
    return _named("accuracy", name)


def BinaryAccuracy(name: str | None = None, *, threshold: float = 0.5) -> str:  # noqa: N802
    """Right where p is above 0.5 and y is 1, or neither."""
    if threshold != 0.5:
        raise NetworkError("the threshold of BinaryAccuracy is 0.5 here, got {threshold}", threshold=threshold)
    return _named("binary_accuracy", name)


def CategoricalAccuracy(name: str | None = None) -> str:  # noqa: N802
    """Right where the largest p is that of the one-hot y."""
    return _named("categorical_accuracy", name)


def SparseCategoricalAccuracy(name: str | None = None) -> str:  # noqa: N802
    """Right where the largest p is number y."""
    return _named("sparse_categorical_accuracy", name)


def TopKCategoricalAccuracy(k: int = 5, name: str | None = None) -> str:  # noqa: N802
    """Right where the one-hot y is among the five largest p."""
    return _five(k, "top_k_categorical_accuracy", name)


def SparseTopKCategoricalAccuracy(k: int = 5, name: str | None = None) -> str:  # noqa: N802
    """Right where number y is among the five largest p."""
    return _five(k, "sparse_top_k_categorical_accuracy", name)


def MeanSquaredError(name: str | None = None) -> str:  # noqa: N802
    """The mean of (p - y)²."""
    return _named("mean_squared_error", name)


def MeanAbsoluteError(name: str | None = None) -> str:  # noqa: N802
    """The mean of |p - y|."""
    return _named("mean_absolute_error", name)


class _Named(str):
    """A word of a metric that is called otherwise."""

    called: str


def _named(word: str, name: str | None) -> str:
    if name is None:
        return word
    named = _Named(word)
    named.called = name
    return named


def _five(k: int, word: str, name: str | None) -> str:
    if k != 5:
        raise NetworkError("top-k accuracy counts the first 5 here, got k={k}", k=k)
    return _named(word, name)


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, METRICS)
