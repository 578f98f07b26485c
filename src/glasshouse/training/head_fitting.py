"""Fitting the head of the strategy ``features`` in one go: its strength by folds, then its weights."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from glasshouse.data.splitting.folds import fold_count, fold_numbers
from glasshouse.data.stored.rows import Split
from glasshouse.events import Event, Notice, Progress
from glasshouse.messages import Message
from glasshouse.networks.own import Head
from glasshouse.training.batch_sources import FeatureBatches
from glasshouse.training.interrupts import check_interrupt
from glasshouse.training.linear_head import MOST, Array, log_softmax, solve, strengths_tried
from glasshouse.training.objective import class_weights
from glasshouse.training.setup import TrainingSetup

__all__ = ["HeadFit", "Tried", "fit_head", "tried_strengths"]

ALONE = 0.1  # the strength where a class has too few pictures for folds
TRIES = 4  # strengths that are usually tried


@dataclass(frozen=True)
class Tried:
    """What the folds say: the best strength, its cross-entropy, ln p (n, K) of the pictures ``rows`` (n,), folds."""

    strength: float
    loss: float
    log_p: Array
    rows: NDArray[np.int64]
    folds: int


@dataclass(frozen=True)
class HeadFit:
    """A fitted head: its mean loss and right answers on the training pictures, and what the folds said, if any."""

    loss: float
    right: int
    tried: Tried | None


def tried_strengths(
    split: Split,
    views: NDArray[np.floating],
    weights: Array,
    classes: int,
    bias: bool = True,
    check: Callable[[], None] = check_interrupt,
) -> Generator[Event, None, Tried | None]:
    """Yield progress and return what folds of the split's pictures say of the strengths, for views (V, N, F).

    Of more than MOST pictures, an even part of each class is used. None if a class has too few for two folds.
    ``check`` is called between the steps of the solver.
    """
    y = split.labels
    rows = np.sort(np.argsort(y, kind="stable")[:: -(-len(y) // MOST)])
    folds = fold_count(y[rows], split.groups[rows])
    if folds < 2:
        return None
    paths = split.paths
    fold = fold_numbers(y[rows], split.groups[rows], [paths[row] for row in rows.tolist()], folds)
    begin, best = time.monotonic(), None
    tries = strengths_tried(views[:, rows], y[rows], weights[rows], classes, fold, bias, check)
    for number in range(1, 100):
        with threadpool_limits(1, "blas"):  # so that the bits are those of any number of cores
            found = next(tries, None)
        if found is None:
            break
        if best is None or found[1] < best.loss:
            best = Tried(*found, rows, folds)
        seconds = time.monotonic() - begin
        left = max(0, TRIES - number) * seconds / number
        yield Progress("head", number, max(TRIES, number + 1), seconds, left)
    return best


def fit_head(setup: TrainingSetup, check: Callable[[], None] = check_interrupt) -> Generator[Event, None, HeadFit]:
    """Yield progress, put the fitted weights into the head, and return what it is; ``check`` is called meanwhile."""
    m, source, head = setup.resources, setup.batch_source, setup.module
    if not isinstance(source, FeatureBatches) or not isinstance(head, Head):
        raise TypeError("a linear head is fitted to features")
    split, classes = m.dataset.splits["train"], len(m.dataset.classes)
    views, y = source.features.cpu().numpy(), split.labels
    given = class_weights(m.recipe.objective, m.dataset.classes, y)
    w = np.ones(len(y)) if given is None else np.asarray(given, np.float64)[y]
    bias = head.bias is not None
    tried = yield from tried_strengths(split, views, w, classes, bias, check)
    strength = ALONE if tried is None else tried.strength
    flat, copies, shares = views.reshape(-1, views.shape[2]), np.tile(y, len(views)), np.tile(w, len(views))
    with threadpool_limits(1, "blas"):
        found = solve(flat, copies, shares, classes, strength, bias, check)
        log_p = log_softmax(flat @ found[:-1] + found[-1])
    _put(head, found)
    yield _strength_notice(strength, tried, y)
    right = round(float((log_p.argmax(1) == copies).mean()) * len(y))  # of several views: of a picture, on average
    return HeadFit(float(-(shares * log_p[np.arange(len(copies)), copies]).mean()), right, tried)


@torch.no_grad()
def _put(head: Head, found: Array) -> None:
    head.weight.copy_(torch.from_numpy(np.ascontiguousarray(found[:-1].T)).float())
    if head.bias is not None:
        head.bias.copy_(torch.from_numpy(found[-1]).float())


def _strength_notice(strength: float, tried: Tried | None, labels: NDArray[np.int64]) -> Notice:
    if tried is None:
        return Notice(
            "head",
            Message(
                "the head is fitted with the strength {strength}: a class has too few pictures to choose it by folds",
                strength=f"{strength:g}",
            ),
        )
    right = float((tried.log_p.argmax(1) == labels[tried.rows]).mean())
    return Notice(
        "head",
        Message(
            "the head is fitted with the strength {strength}, chosen by {folds} folds of the training pictures: "
            "{right} % of the pictures left out are right",
            strength=f"{strength:g}",
            folds=tried.folds,
            right=f"{100 * right:.2f}",
        ),
    )
