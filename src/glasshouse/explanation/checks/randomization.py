"""Randomization: a map that stays the same when the weights are drawn anew shows the picture, not the network.

Sources: Adebayo and others, Sanity Checks for Saliency Maps, 2018; Hedström and others, A Fresh Look at Sanity Checks
for Saliency Maps, 2024 (efficient MPRT).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.checks.interval import mean_interval, spearman
from glasshouse.explanation.checks.result import CheckTest
from glasshouse.messages import Message

__all__ = ["LIMIT", "edges", "entropy", "randomization"]

LIMIT = 0.5  # of the correlation, which has to be below it
BINS = 100

Maps = NDArray[np.floating[Any]]


def randomization(trained: Maps, drawn_anew: Maps, rows: NDArray[np.uint8], seed: int = 0) -> CheckTest:
    """Compare maps (n, H, W) of a trained network with those of the same one whose weights were all drawn anew.

    The value is the mean of Spearman's correlation of the maps' sizes; it passes if the upper end of its interval is
    below 0.5. Beside it: the same with the edges of the pictures ``rows`` (n, H, W, C) in the place of the second maps,
    and how much more entropy the maps of the new weights have (efficient MPRT; above 0 is expected).
    """
    a, b = np.abs(trained), np.abs(drawn_anew)
    value, low, high = mean_interval(np.array([spearman(*pair) for pair in zip(a, b)]), seed)
    sobel = float(np.mean([spearman(one, edges(row)) for one, row in zip(a, rows)]))
    before, after = (np.array([entropy(one) for one in maps]) for maps in (a, b))
    rise = float(np.mean((after - before) / np.maximum(before, 1e-12)))
    passed = high < LIMIT
    said = Message(
        "the maps agree to {value} with those of new random weights (limit {limit})",
        value=f"{value:.2f} ({low:.2f} to {high:.2f})", limit=f"{LIMIT:g}",
    )  # fmt: skip
    return CheckTest("randomization", value, low, high, LIMIT, passed, said, {"sobel": sobel, "efficient_mprt": rise})


def edges(row: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the size of Sobel's derivative (H, W) of a picture (H, W, C) in grey, whose border is repeated."""
    p = np.pad(row.astype(np.float64).mean(2), 1, mode="edge")
    across = p[:, 2:] - p[:, :-2]
    down = p[2:] - p[:-2]
    gx = across[:-2] + 2 * across[1:-1] + across[2:]
    gy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    found: NDArray[np.float64] = np.hypot(gx, gy)
    return found


def entropy(values: Maps) -> float:
    """Return the entropy, in nats, of a histogram of 100 bins of a map."""
    counts, _ = np.histogram(values, BINS)
    p = counts[counts > 0] / values.size
    return float(-(p * np.log(p)).sum())
