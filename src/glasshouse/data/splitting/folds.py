"""Folds of the training pictures: stratified, reproducible, and never through the middle of a group."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.splitting.split import draw

__all__ = ["fold_count", "fold_numbers"]

FOLDS = 5


def fold_count(labels: NDArray[np.int64], groups: NDArray[np.int64], most: int = FOLDS) -> int:
    """Return how many folds there can be so that every class has a group in each: ``most`` or fewer, 1 for none."""
    least = min((len(np.unique(groups[labels == label])) for label in np.unique(labels)), default=0)
    return max(1, min(most, least))


def fold_numbers(
    labels: NDArray[np.int64], groups: NDArray[np.int64], paths: Sequence[str], folds: int, seed: int = 0
) -> NDArray[np.int64]:
    """Return the fold of each picture, 0 to ``folds`` - 1, int64 (N,).

    Pictures with the same number in ``groups`` share a fold. Groups are dealt out the largest first, then in an order
    drawn from their paths, each to the fold that has least of its classes.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups.tolist()):
        members[group].append(index)
    order = sorted(members.values(), key=lambda rows: (-len(rows), min(draw(seed, "fold", paths[i]) for i in rows)))
    have = np.zeros((folds, int(labels.max(initial=0)) + 1))
    whole = np.bincount(labels, minlength=have.shape[1])
    result = np.empty(len(labels), np.int64)
    for rows in order:
        found, counts = np.unique(labels[rows], return_counts=True)
        cost = (have[:, found] * (counts / whole[found])).sum(1)
        fold = int(np.lexsort((have.sum(1), cost))[0])
        have[fold, found] += counts
        result[rows] = fold
    return result
