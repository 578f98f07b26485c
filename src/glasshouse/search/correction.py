"""What the best of many is worth: bootstrap bias-corrected cross-validation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DRAWS", "Corrected", "corrected"]

DRAWS = 1000


@dataclass(frozen=True)
class Corrected:
    """An accuracy corrected for the choice, and its 95 % interval."""

    accuracy: float
    interval: tuple[float, float]


def corrected(right: NDArray[np.bool_], groups: NDArray[np.int64], seed: int = 0, draws: int = DRAWS) -> Corrected:
    """Return what the winner is worth, corrected for being the best of the columns of ``right`` (N, C).

    ``right[i, c]`` says whether candidate c was right about picture i, which it did not learn from. Each draw takes
    pictures with replacement, chooses the best candidate on these, and scores it on the pictures that were not drawn:
    the mean is the corrected accuracy, the 2.5th and 97.5th percentiles its interval. Groups are drawn whole.

    Source: Tsamardinos, Greasidou, Borboudakis, Bootstrapping the out-of-sample predictions for efficient and accurate
    cross-validation, Machine Learning 107, 2018.
    """
    _, of_group = np.unique(groups, return_inverse=True)
    count = int(of_group.max()) + 1
    sums = np.zeros((count, right.shape[1]))
    np.add.at(sums, of_group, right)
    sizes = np.bincount(of_group, minlength=count).astype(np.float64)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        out = times == 0
        if not out.any():
            continue
        winner = int((times @ sums).argmax())
        found.append(sums[out, winner].sum() / sizes[out].sum())
    if not found:  # one group alone: there is nothing to correct by
        share = float(sums.max(1).sum() / sizes.sum())
        return Corrected(share, (0.0, 1.0))
    low, high = np.quantile(found, (0.025, 0.975))
    return Corrected(float(np.mean(found)), (float(low), float(high)))
