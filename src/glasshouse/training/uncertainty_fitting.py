"""What a finished model does not know, from pictures that it can be compared with.

Of a frozen network the training pictures themselves say how familiar new ones are, each without its own fold. A
network that learned has seen them, so there the validation pictures say it. These make the lists of answers, too.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from glasshouse.data.splitting.folds import fold_count, fold_numbers
from glasshouse.data.stored.rows import Split
from glasshouse.events import Progress
from glasshouse.export.predictor import Model
from glasshouse.training.batch_sources import FeatureBatches
from glasshouse.training.interrupts import check_interrupt
from glasshouse.training.linear_head import solve
from glasshouse.training.setup import TrainingSetup
from glasshouse.uncertainty.conformal import AnswerSets
from glasshouse.uncertainty.familiarity import MANY_CLASSES, MOST, Familiarity, energy_of, unit
from glasshouse.uncertainty.uncertainty import Uncertainty

__all__ = ["compared_with", "compared_with_itself", "fit_uncertainty"]

STRENGTH = 0.1  # of the head that gives the energy
LEARNED = 1000  # training pictures whose features are computed for a network that learned, and half as many others
FEWEST = 50  # validation pictures that say how familiar one's own pictures are
NUMBERS = 4_000_000  # that are kept of training pictures at most, 8 MB
WIDEST = 20_000  # features; with more nothing is compared
AT_ONCE = 64

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


def fit_uncertainty(
    setup: TrainingSetup, model: Model, probabilities: NDArray[np.float32] | None
) -> Generator[Progress, None, Uncertainty | None]:
    """Yield progress and return what ``model`` knows of its limits, None if there is nothing to learn it from.

    ``probabilities`` (n, K) are the model's answers on the validation pictures, if there are any.
    """
    dataset = setup.resources.dataset
    val = dataset.splits.get("val")
    sets = None
    if probabilities is not None and val is not None and len(val):
        sets = AnswerSets.calibrated(probabilities, val.labels)
    if setup.resources.built.feature_count > WIDEST:
        known = None
    elif isinstance(setup.batch_source, FeatureBatches):
        known = _of_frozen(setup.batch_source, len(dataset.classes))
    else:
        known = yield from _of_learned(model, dataset.splits["train"], val, len(dataset.classes))
    return None if known is None and sets is None else Uncertainty(known, sets)


def compared_with_itself(
    features: Features, labels: Labels, fold: Labels, classes: int, check: Callable[[], None] = check_interrupt
) -> Familiarity:
    """Return the familiarity to pictures with these features (n, F), each of which is scored without its ``fold``."""
    head = _head(features, labels, classes, check)
    known = Familiarity(unit(features).astype(np.float16), head, np.empty(0, np.float32))
    energies = None
    if head.shape[1]:
        energies = np.empty(len(labels))
        for number in np.unique(fold):
            rows, out = fold != number, fold == number
            found = _head(features[rows], labels[rows], classes, check)
            energies[out] = energy_of(features[out] @ found[:-1] + found[-1])
    return _with_own(known, known.scores(features, (fold, fold), energies))


def compared_with(features: Features, labels: Labels, own: Features, classes: int,
                  check: Callable[[], None] = check_interrupt) -> Familiarity:  # fmt: skip
    """Return the familiarity to pictures with these features (n, F); others (m, F) say which scores are usual."""
    known = Familiarity(
        unit(features).astype(np.float16), _head(features, labels, classes, check), np.empty(0, np.float32)
    )
    return _with_own(known, known.scores(own))


def _of_frozen(source: FeatureBatches, classes: int) -> Familiarity | None:
    split, features = source.split, source.features[0].cpu().numpy()
    rows = _spread(split.labels, min(MOST, NUMBERS // features.shape[1]))
    labels, groups, paths = split.labels[rows], split.groups[rows], split.paths
    folds = fold_count(labels, groups)
    if folds < 2:
        return None
    fold = fold_numbers(labels, groups, [paths[row] for row in rows.tolist()], folds)
    return compared_with_itself(features[rows], labels, fold, classes)


def _of_learned(
    model: Model, train: Split, val: Split | None, classes: int
) -> Generator[Progress, None, Familiarity | None]:
    if val is None or len(val) < FEWEST:
        return None
    rows, others = _spread(train.labels, LEARNED), _spread(val.labels, LEARNED // 2)
    begin, done, found = time.monotonic(), 0, list[list[Features]]()
    total = len(rows) + len(others)
    for split, chosen in ((train, rows), (val, others)):
        found.append([])
        for first in range(0, len(chosen), AT_ONCE):
            features, _ = model.features(split.rows(chosen[first : first + AT_ONCE]))
            found[-1].append(features)
            done += len(features)
            seconds = time.monotonic() - begin
            yield Progress("features", done, total, seconds, seconds / done * (total - done))
    return compared_with(np.concatenate(found[0]), train.labels[rows], np.concatenate(found[1]), classes)


def _spread(labels: Labels, most: int) -> Labels:
    """Return at most ``most`` pictures, an even part of each class, as rising row numbers."""
    return np.sort(np.argsort(labels, kind="stable")[:: -(-len(labels) // most)])


def _head(features: Features, labels: Labels, classes: int, check: Callable[[], None]) -> NDArray[np.float32]:
    """Return weights (F + 1, K) of a linear head on these features, without columns if there are few classes."""
    if classes < MANY_CLASSES:
        return np.zeros((features.shape[1] + 1, 0), np.float32)
    with threadpool_limits(1, "blas"):  # so that the bits are those of any number of cores
        found = solve(features, labels, np.ones(len(labels)), classes, STRENGTH, check=check)
    return np.asarray(found, np.float32)


def _with_own(known: Familiarity, scores: NDArray[np.float64]) -> Familiarity:
    return replace(known, own=np.sort(scores.astype(np.float32)))
