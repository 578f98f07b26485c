"""What simple means reach on the same pictures: a score says little until it is beside them."""

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glasshouse.evaluation.intervals import wilson
from glasshouse.messages import Message, with_messages, with_parts

__all__ = ["SIDE", "TRAIN_LIMIT", "Baseline", "commonest", "pixels", "sample", "shrink"]

SIDE = 16
TRAIN_LIMIT = 10_000
STEPS = 30  # 60,000 small pictures: 1 s to 82.9 %, where 100 steps take 6 s to 83.4 %
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Baseline:
    """The accuracy of a simple rule, its 95 % interval, and what the rule is."""

    name: str
    accuracy: float
    interval: tuple[float, float]
    description: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dictionary that JSON can hold."""
        found: dict[str, Any] = with_parts({**asdict(self), "interval": list(self.interval)})
        return found

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build it from what ``to_dict`` gave."""
        interval = (data["interval"][0], data["interval"][1])
        return cls(Message(data["name"]), data["accuracy"], interval, with_messages(data)["description"])


def commonest(train_labels: NDArray[np.integer], labels: NDArray[np.integer], classes: Sequence[str]) -> Baseline:
    """Score the rule "always the class that most training pictures have" (of equals the first)."""
    counts = np.bincount(train_labels, minlength=len(classes))
    best = int(counts.argmax())
    text = Message(
        "always {classes}, the class of {counts} of {train_labels} training pictures",
        classes=classes[best],
        counts=f"{counts[best]:,}",
        train_labels=f"{len(train_labels):,}",
    )
    return _baseline(Message("commonest class"), np.full(len(labels), best), labels, text)


def pixels(
    train_small: NDArray[np.float32],
    train_labels: NDArray[np.integer],
    small: NDArray[np.float32],
    labels: NDArray[np.integer],
    of: int | None = None,
) -> Baseline:
    """Score a logistic regression (C = 0.1, at most 30 steps of L-BFGS) on standardised small grey pictures.

    Args:
        train_small: pictures from ``shrink``, float32 (n, F); ``small`` likewise for those that are scored.
        of: how many training pictures there are, if ``train_small`` is a sample.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    n, total = len(train_labels), of or len(train_labels)
    seen = (
        Message("{n} training pictures", n=f"{n:,}")
        if n == total
        else Message("{n} of {total} training pictures, drawn by seed", n=f"{n:,}", total=f"{total:,}")
    )
    text = Message(
        "logistic regression on grey pictures of {SIDE}x{SIDE2} pixels, trained on {seen}",
        SIDE=SIDE,
        SIDE2=SIDE,
        seen=seen,
    )
    if len(np.unique(train_labels)) < 2:
        return _baseline(Message("linear model on pixels"), np.full(len(labels), train_labels[0]), labels, text)
    mean, std = train_small.mean(axis=0), train_small.std(axis=0)
    std[std < 1e-6] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a baseline need not be at its best
        model = LogisticRegression(C=0.1, max_iter=STEPS).fit((train_small - mean) / std, train_labels)
    return _baseline(Message("linear model on pixels"), model.predict((small - mean) / std), labels, text)


def sample(count: int, seed: int, limit: int = TRAIN_LIMIT) -> NDArray[np.int64]:
    """Return the numbers of at most ``limit`` of ``count`` pictures, a function of ``seed``, in rising order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:limit])


def shrink(rows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return pictures (n, H, W, C) of uint8 as grey ones of at most 16x16, values 0..255, float32 (n, F).

    Grey is ITU-R BT.601 luma; each small pixel is the mean over the area that it covers.
    """
    luma = LUMA if rows.shape[3] == 3 else np.ones(1, np.float32)
    grey = np.matmul(rows.astype(np.float32), luma)  # (n, H, W)
    small = np.matmul(np.matmul(_areas(grey.shape[1]), grey), _areas(grey.shape[2]).T)
    return np.asarray(small.reshape(len(rows), -1), np.float32)


def _areas(length: int) -> NDArray[np.float32]:
    """Return the matrix (side, length) that averages ``length`` pixels into ``side`` equal stretches."""
    side = min(SIDE, length)
    edges = np.arange(side + 1) * (length / side)
    start = np.arange(length)
    overlap = np.minimum(edges[1:, None], start + 1) - np.maximum(edges[:-1, None], start)
    return np.asarray(np.clip(overlap, 0, None) * (side / length), np.float32)


def _baseline(name: str, predicted: NDArray[np.integer], labels: NDArray[np.integer], description: str) -> Baseline:
    correct, count = int((predicted == labels).sum()), len(labels)
    return Baseline(Message(name), correct / count, wilson(correct, count), description)
