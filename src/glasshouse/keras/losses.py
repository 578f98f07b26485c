"""``keras.losses``: losses as objects, ``SparseCategoricalCrossentropy(from_logits=True)``.

``name=`` is taken and changes nothing: the loss is called loss in a History.
"""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name
from glasshouse.layers.losses import Loss, loss_of

from .hints import LOSSES

__all__ = [
    "BinaryCrossentropy", "CategoricalCrossentropy", "Huber", "KLDivergence", "Loss", "MeanAbsoluteError",
    "MeanSquaredError", "SparseCategoricalCrossentropy", "binary_crossentropy", "categorical_crossentropy", "get",
    "huber", "kl_divergence", "mae", "mean_absolute_error", "mean_squared_error", "mse",
    "sparse_categorical_crossentropy",
]  # fmt: skip

get = loss_of
binary_crossentropy, categorical_crossentropy = "binary_crossentropy", "categorical_crossentropy"
sparse_categorical_crossentropy, kl_divergence = "sparse_categorical_crossentropy", "kl_divergence"
mean_squared_error = mse = "mean_squared_error"
mean_absolute_error = mae = "mean_absolute_error"
huber = "huber"


def BinaryCrossentropy(from_logits: bool = False, label_smoothing: float = 0.0, name: str | None = None) -> Loss:  # noqa: N802
    """-y log p - (1 - y) log(1 - p), the mean over the last axis."""
    return Loss("binary_crossentropy", from_logits, label_smoothing)


def CategoricalCrossentropy(from_logits: bool = False, label_smoothing: float = 0.0, name: str | None = None) -> Loss:  # noqa: N802
    """-Σ y log p, y one-hot."""
    return Loss("categorical_crossentropy", from_logits, label_smoothing)


def SparseCategoricalCrossentropy(from_logits: bool = False, name: str | None = None) -> Loss:  # noqa: N802
    """-log p[y], y whole numbers."""
    return Loss("sparse_categorical_crossentropy", from_logits)


def MeanSquaredError(name: str | None = None) -> Loss:  # noqa: N802
    """The mean of (p - y)²."""
    return Loss("mean_squared_error")


def MeanAbsoluteError(name: str | None = None) -> Loss:  # noqa: N802
    """The mean of |p - y|."""
    return Loss("mean_absolute_error")


def Huber(delta: float = 1.0, name: str | None = None) -> Loss:  # noqa: N802
    """Squares near 0, lines from ``delta`` on."""
    return Loss("huber", delta=delta)


def KLDivergence(name: str | None = None) -> Loss:  # noqa: N802
    """Σ y log(y / p)."""
    return Loss("kl_divergence")


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, LOSSES)
