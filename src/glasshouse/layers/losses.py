"""Losses with Keras' words and meanings, and metrics. K classes, N samples; y targets, p outputs.

    sparse_categorical_crossentropy   -log p[y]             y whole numbers (N,)
    categorical_crossentropy          -Σ y log p             y one-hot (N, K)
    binary_crossentropy               -y log p - (1 - y) log(1 - p), the mean over the last axis

Where the network ends in softmax (or sigmoid), the loss is computed from what comes before it: the same number, but it
neither overflows nor stops at Keras' bounds of 1e-7.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LOSSES", "METRICS", "Loss", "loss_of", "metric_of"]

EPSILON = 1e-7  # Keras' bound of probabilities


@dataclass(frozen=True)
class Loss:
    """A loss with its settings: ``Loss("sparse_categorical_crossentropy", from_logits=True)``.

    Args:
        from_logits: the outputs are scores, not probabilities.
        label_smoothing: y ← y (1 - s) + s / K; for categorical and binary.
        delta: where huber turns from squares to lines.
    """

    name: str
    from_logits: bool = False
    label_smoothing: float = 0.0
    delta: float = 1.0

    @property
    def bare_of(self) -> str | None:
        """The activation that this loss takes over from the last layer."""
        if self.from_logits:
            return None
        return {"binary_crossentropy": "sigmoid"}.get(self.name, "softmax" if "categorical" in self.name else None)

    @property
    def sparse(self) -> bool:
        """Whether targets are whole numbers, one a sample."""
        return self.name.startswith("sparse")

    def each(self, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
        """The loss of each sample, torch tensors. (N,), or (N, …) where p has more axes."""
        return LOSSES[self.name](self, y, p, logits or self.from_logits)

    def mean(self, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
        """The mean over samples; the common case in one call of torch's."""
        from torch.nn import functional as F

        if self.sparse and p.ndim == 2 and (logits or self.from_logits):
            return F.cross_entropy(p, y)
        return self.each(y, p, logits).mean()

    def to_dict(self) -> dict[str, Any]:
        """Settings that JSON can hold."""
        return asdict(self)


def _sparse(loss: Loss, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
    from torch.nn import functional as F  # here, so that importing the names of losses loads no torch

    scores = (p if logits else _log(p)).movedim(-1, 1)
    return F.cross_entropy(scores, y, reduction="none") if logits else F.nll_loss(scores, y, reduction="none")


def _categorical(loss: Loss, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
    if loss.label_smoothing:
        y = y * (1 - loss.label_smoothing) + loss.label_smoothing / p.shape[-1]
    return -(y * (p.log_softmax(-1) if logits else _log(p))).sum(-1)


def _log(p: "Tensor") -> "Tensor":
    """Logarithms of probabilities, made to sum to 1 and bounded, as Keras does."""
    return (p / p.sum(-1, keepdim=True)).clamp(EPSILON, 1 - EPSILON).log()


def _binary(loss: Loss, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
    from torch.nn import functional as F

    if loss.label_smoothing:
        y = y * (1 - loss.label_smoothing) + loss.label_smoothing / 2
    if logits:
        return F.binary_cross_entropy_with_logits(p, y, reduction="none").mean(-1)
    return F.binary_cross_entropy(p.clamp(EPSILON, 1 - EPSILON), y, reduction="none").mean(-1)


def _huber(loss: Loss, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
    from torch.nn import functional as F

    return F.huber_loss(p, y, reduction="none", delta=loss.delta).mean(-1)


def _divergence(loss: Loss, y: "Tensor", p: "Tensor", logits: bool) -> "Tensor":
    y, p = y.clamp(EPSILON, 1), p.clamp(EPSILON, 1)
    return (y * (y / p).log()).sum(-1)


LOSSES: Mapping[str, Callable[[Loss, "Tensor", "Tensor", bool], "Tensor"]] = MappingProxyType({
    "binary_crossentropy": _binary,
    "categorical_crossentropy": _categorical,
    "huber": _huber,
    "kl_divergence": _divergence,
    "mean_absolute_error": lambda loss, y, p, logits: (p - y).abs().mean(-1),
    "mean_squared_error": lambda loss, y, p, logits: ((p - y) ** 2).mean(-1),
    "sparse_categorical_crossentropy": _sparse,
})  # fmt: skip
ALSO = {"mae": "mean_absolute_error", "mse": "mean_squared_error"}


def loss_of(given: Any) -> Loss:
    """A loss from itself, a word, or the dictionary of `to_dict`."""
    loss = given if isinstance(given, Loss) else Loss(**given) if isinstance(given, dict) else Loss(str(given))
    loss = Loss(ALSO.get(loss.name, loss.name), loss.from_logits, loss.label_smoothing, loss.delta)
    if loss.name not in LOSSES:
        raise NetworkError(_no("loss", loss.name, [*LOSSES, *ALSO]))
    return loss


# Each metric gives one number a sample. `cut` is the score that counts as one half: 0 of logits, 0.5 of probabilities.


def _binary_accuracy(y: "Tensor", p: "Tensor", cut: float) -> "Tensor":
    return ((p > cut) == (y.reshape(p.shape) > 0.5)).float().flatten(1).mean(1)


def _categorical_accuracy(y: "Tensor", p: "Tensor", cut: float) -> "Tensor":
    return (p.argmax(-1) == y.argmax(-1)).float().reshape(len(p), -1).mean(1)


def _sparse_accuracy(y: "Tensor", p: "Tensor", cut: float) -> "Tensor":
    return (p.argmax(-1) == y).float().reshape(len(p), -1).mean(1)


def _top5(y: "Tensor", p: "Tensor", cut: float) -> "Tensor":
    labels = y.argmax(-1) if y.ndim == p.ndim else y
    return (p.topk(min(5, p.shape[-1]), -1).indices == labels[..., None]).any(-1).float()


METRICS: Mapping[str, Callable[["Tensor", "Tensor", float], "Tensor"]] = MappingProxyType({
    "binary_accuracy": _binary_accuracy,
    "categorical_accuracy": _categorical_accuracy,
    "mean_absolute_error": lambda y, p, cut: (p - y).abs().flatten(1).mean(1),
    "mean_squared_error": lambda y, p, cut: ((p - y) ** 2).flatten(1).mean(1),
    "sparse_categorical_accuracy": _sparse_accuracy,
    "sparse_top_k_categorical_accuracy": _top5,
    "top_k_categorical_accuracy": _top5,
})  # fmt: skip


def metric_of(word: str, loss: Loss, classes: int) -> str:
    """The metric that a word means: accuracy depends on the targets and on the output, as in Keras."""
    if word in ("accuracy", "acc"):
        kind = "binary" if classes == 1 else "sparse_categorical" if loss.sparse else "categorical"
        return f"{kind}_accuracy"
    found = ALSO.get(word, word)
    if found not in METRICS:
        raise NetworkError(_no("metric", word, ["accuracy", *METRICS, *ALSO]))
    return found


def _no(what: str, word: str, words: list[str]) -> str:
    close = difflib.get_close_matches(word, words, n=1)
    return f"no {what} {word!r}" + (
        Message("; did you mean {close}?", close=close[0])
        if close
        else Message("; there are {names}", names=", ".join(words))
    )
