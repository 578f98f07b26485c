"""The head as a solved problem: multinomial logistic regression on standardised features, in float64 NumPy.

With features z standardised, L(W, b) = Σᵢ wᵢ (-ln softmax(W·zᵢ + b)[yᵢ]) / Σᵢ wᵢ + strength/2 · Σ W². L is convex, so
there is one answer; L-BFGS finds it, the same to the bit each time. The strength is the one with the least
cross-entropy on pictures left out, fold by fold. These functions are in the scripts of the ladder as they are here.

The variance that a feature is divided by is the mean of its own, of n pictures, and the mean variance of all features,
which counts as much as three pictures. With one picture a class a feature that only one of them has is not blown up
(imagenette: 81 instead of 63 % of the pictures left out); with hundreds nothing changes.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "STRENGTHS", "Array", "lbfgs", "log_softmax", "solve", "strengths_tried"]

Array = NDArray[np.float64]
Slope = Callable[[Array], tuple[float, Array]]
STRENGTHS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0]
MOST = 8192  # pictures that the strength is chosen on; more than these would hardly change it


def log_softmax(scores: Array) -> Array:
    """Return ln softmax of each row of scores (N, K)."""
    shifted = scores - scores.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))


def lbfgs(
    function: Slope, start: Array, most: int = 500, least: float = 1e-6, check: Callable[[], None] | None = None
) -> Array:
    """Return where a smooth convex function, which gives (value, gradient), is least (Nocedal 1980, memory of 10).

    ``check`` is called before each step; what it raises stops the search.
    """
    x, pairs = start, list[tuple[Array, Array]]()
    value, slope = function(x)
    for _ in range(most):
        if check is not None:
            check()
        if np.abs(slope).max() <= least:
            break
        step, factors = slope.copy(), []
        for s, t in reversed(pairs):
            factors.append((s @ step) / (s @ t))
            step -= factors[-1] * t
        step *= pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1 / np.linalg.norm(slope)
        for (s, t), factor in zip(pairs, reversed(factors)):
            step += (factor - (t @ step) / (s @ t)) * s
        length, descent = 1.0, slope @ step
        found, gradient = function(x - step)
        while found > value - 1e-4 * length * descent and length > 1e-10:
            length /= 2
            found, gradient = function(x - length * step)
        if not found < value:
            break
        s, t = -length * step, gradient - slope
        pairs = [*pairs[-9:], (s, t)] if s @ t > 1e-12 * (t @ t) else pairs
        x, value, slope = x + s, found, gradient
    return x


def solve(
    x: NDArray[np.floating],
    y: NDArray[np.int64],
    w: Array,
    classes: int,
    strength: float,
    bias: bool = True,
    check: Callable[[], None] | None = None,
) -> Array:
    """Return weights (F + 1, K), the last row the biases, for features x (N, F), labels y and weights w (N,)."""
    mean = w @ x.astype(np.float64) / w.sum() if bias else np.zeros(x.shape[1])
    z = x - mean
    spread = w @ (z * z) / w.sum()
    scale = np.sqrt((len(y) * spread + 3 * spread.mean()) / (len(y) + 3))  # few pictures tell little of each feature
    z /= np.where(spread > 1e-16, scale, np.inf)  # a feature that is always the same says nothing
    share, truth = w[:, None] / w.sum(), np.eye(classes)[y]

    def function(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(-1, classes)
        log_p = log_softmax(z @ weights[:-1] + weights[-1])
        value = -(share * truth * log_p).sum() + strength / 2 * (weights[:-1] ** 2).sum()
        error = share * (np.exp(log_p) - truth)
        own = np.vstack([z.T @ error + strength * weights[:-1], error.sum(0) * bias])
        return float(value), own.ravel()

    found = lbfgs(function, np.zeros((x.shape[1] + 1) * classes), check=check).reshape(-1, classes)
    found[:-1] /= np.where(spread > 1e-16, scale, np.inf)[:, None]
    found[-1] -= mean @ found[:-1]
    return found


def strengths_tried(
    views: NDArray[np.floating],
    y: NDArray[np.int64],
    w: Array,
    classes: int,
    fold: NDArray[np.int64],
    bias: bool = True,
    check: Callable[[], None] | None = None,
) -> Iterator[tuple[float, float, Array]]:  # fmt: skip
    """Yield (strength, cross-entropy, ln p (N, K)) of pictures left out, for views (V, N, F) of N pictures.

    From 0.1 on the next strength is tried, weaker ones first, as long as the cross-entropy falls.
    """
    losses: dict[int, float] = {}

    def loss_at(at: int) -> tuple[float, float, Array]:
        log_p = np.empty((len(y), classes))
        for number in np.unique(fold):
            rows, out = fold != number, fold == number
            x = views[:, rows].reshape(-1, views.shape[2])
            copies = (np.tile(y[rows], len(views)), np.tile(w[rows], len(views)))
            weights = solve(x, *copies, classes, STRENGTHS[at], bias, check)
            log_p[out] = log_softmax(views[0, out] @ weights[:-1] + weights[-1])
        losses[at] = float(-(w * log_p[np.arange(len(y)), y]).sum() / w.sum())
        return STRENGTHS[at], losses[at], log_p

    start = STRENGTHS.index(0.1)
    yield loss_at(start)
    for way in (-1, 1):
        at = start + way
        while 0 <= at < len(STRENGTHS) and (way == -1 or min(losses, key=lambda i: losses[i]) >= start):
            yield loss_at(at)
            if losses[at] >= losses[at - way]:
                break
            at += way
