"""A mean with its interval, and the correlation of two maps by rank."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mean_interval", "spearman"]

DRAWS = 2000


def mean_interval(values: NDArray[np.floating[Any]], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of values (n,) and the ends of its 95 % interval by the bootstrap (2000 draws).

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3 (percentiles).
    """
    drawn = np.random.default_rng([seed, 2]).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.percentile(values[drawn].mean(1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def spearman(one: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> float:
    """Return the correlation of the ranks of two maps, -1..1; equal numbers share their mean rank. Of a constant map
    it is 0.
    """
    a, b = (_ranks(each) - (each.size + 1) / 2 for each in (one, other))
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _ranks(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found: NDArray[np.float64] = (ends - (counts - 1) / 2)[places.reshape(-1)]
    return found
