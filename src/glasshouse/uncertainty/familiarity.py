"""How much a picture is like those that a model learned from.

A picture's score is its mean cosine similarity to the nearest training pictures, in the features that the last layer
gets (Sun and others 2022, Out-of-Distribution Detection with Deep Nearest Neighbors). With five classes and more it is
multiplied by the energy, ln of the sum of e^logit (Liu and others 2020; the product after Park and others 2023, Nearest
Neighbor Guidance). Its familiarity is the share of training pictures with a lower score, each of which was scored
without the pictures of its own fold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MANY_CLASSES", "MOST", "REJECTED", "Familiarity", "energy_of", "unit", "with_energy"]

NEIGHBOURS = 10
MOST = 2000  # training pictures that are kept: 5 MB of 1,280 features
MANY_CLASSES = 5
REJECTED = 0.05  # the share of the pictures it knows that may be called none of these
AT_ONCE = 512  # rows whose similarities are in memory


@dataclass(frozen=True)
class Familiarity:
    """Training pictures to compare with.

    ``reference`` (m, F) are their features, float16 and of length 1; ``head`` (F + 1, K) gives the logits of the
    energy, its last row the biases, and has no columns if there are fewer than five classes; ``own`` (n,) are the
    scores of training pictures, float32 in rising order.
    """

    reference: NDArray[np.float16]
    head: NDArray[np.float32]
    own: NDArray[np.float32]

    def shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the familiarity (n,), 0..1, of pictures with these features (n, F)."""
        found = np.searchsorted(self.own, self.scores(features).astype(np.float32), side="left")
        return np.asarray(found / len(self.own), np.float64)

    def scores(self, features: NDArray[np.float32], folds: "tuple[NDArray[np.int64], NDArray[np.int64]] | None" = None,
               energies: NDArray[np.float64] | None = None) -> NDArray[np.float64]:  # fmt: skip
        """Return the scores (n,) of pictures with these features (n, F); a higher one is more familiar.

        With ``folds``, those of the pictures (n,) and of the reference (m,), no picture is compared with its own fold.
        ``energies`` (n,) take the place of those that ``head`` gives.
        """
        known, parts = self.reference.astype(np.float32), []
        for first in range(0, len(features), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            near = np.stack([row @ known.T for row in unit(features[part])])  # row by row: alike in any company
            if folds is not None:
                near[folds[0][part, None] == folds[1][None]] = -np.inf
            parts.append(_nearest(near))
        nearness = np.concatenate(parts) if parts else np.empty(0)
        if energies is None and self.head.shape[1]:
            energies = energy_of(np.stack([row @ self.head[:-1] for row in features]) + self.head[-1])
        return nearness if energies is None else with_energy(nearness, energies)


def unit(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows (n, F) of length 1; a row of zeros stays one."""
    rows = features.astype(np.float32)
    length = np.sqrt((rows * rows).sum(1, keepdims=True))
    return np.asarray(rows / np.where(length > 0, length, 1), np.float32)


def energy_of(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ln of the sum of e^logit (n,) for logits (n, K)."""
    z = logits.astype(np.float64)
    most = z.max(1)
    return np.asarray(most + np.log(np.exp(z - most[:, None]).sum(1)))


def with_energy(nearness: NDArray[np.float64], energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return nearness times energy; an energy below zero counts alone, or far pictures would gain by it."""
    return np.where(energies > 0, nearness * energies, energies)


def _nearest(near: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of the largest similarities in each row of (n, m)."""
    count = min(NEIGHBOURS, near.shape[1])
    best = np.sort(np.partition(near, near.shape[1] - count, 1)[:, near.shape[1] - count :], 1).astype(np.float64)
    usable = np.isfinite(best)
    return np.asarray(np.where(usable, best, 0).sum(1) / np.maximum(usable.sum(1), 1))
