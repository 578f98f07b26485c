"""Lists of answers that hold the right one as often as promised: split conformal prediction.

Source: Vovk, Gammerman, Shafer 2005; Sadinle, Lei, Wasserman 2019, Least Ambiguous Set-Valued Classifiers. Calibration
pictures are some that the model did not learn from, and that are drawn like the new ones. The most probable class is
always in the list; another is if it has at least the probability at which a share ``coverage`` of these lists hold the
right answer.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import InputError, ModelError

__all__ = ["COVERAGES", "AnswerSets", "pictures_needed"]

COVERAGES = (0.8, 0.9, 0.95)


@dataclass(frozen=True)
class AnswerSets:
    """``likelihoods`` (n,): the probability of the right answer for calibration pictures, 1 if it was the most probable
    class, float32 in rising order.
    """

    likelihoods: NDArray[np.float32]

    @classmethod
    def calibrated(cls, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> "AnswerSets":
        """Return the sets for calibration pictures with these probabilities (n, K) and right answers (n,)."""
        own = probabilities[np.arange(len(labels)), labels]
        return cls(np.sort(np.where(probabilities.argmax(1) == labels, 1, own).astype(np.float32)))

    def least(self, coverage: float) -> float:
        """Return the probability from which a class other than the most probable one is in the list.

        Raises:
            InputError: the coverage is none.
            ModelError: there are too few calibration pictures for it.
        """
        return float(self.likelihoods[_left_out(len(self.likelihoods), coverage) - 1])

    def sets(self, probabilities: NDArray[np.float32], coverage: float) -> list[NDArray[np.int64]]:
        """Return for each row (K,) of probabilities (n, K) the classes of its list, the most probable first.

        Raises:
            InputError, ModelError: as ``least``.
        """
        least = self.least(coverage)
        ranked = np.argsort(-probabilities, axis=1, kind="stable")
        counts = np.maximum((probabilities >= np.float32(least)).sum(1), 1)
        return [row[:count] for row, count in zip(ranked, counts)]

    def promised(self, coverage: float, level: float = 0.95) -> tuple[float, float]:
        """Return what the coverage of new pictures may be, (low, high), 0..1, with these calibration pictures.

        Over draws of them it is Beta(n + 1 - l, l) with l = floor((n + 1) (1 - coverage)) (Vovk 2012).

        Raises:
            InputError, ModelError: as ``least``.
        """
        n = len(self.likelihoods)
        left = _left_out(n, coverage)
        tail = (1 - level) / 2
        return _beta_quantile(n + 1 - left, left, tail), _beta_quantile(n + 1 - left, left, 1 - tail)


def pictures_needed(coverage: float) -> int:
    """Return how many calibration pictures a coverage (0..1) needs at least."""
    return math.ceil(round(coverage / (1 - coverage), 9))


def _left_out(n: int, coverage: float) -> int:
    """Return how many of n calibration pictures may miss, at least 1."""
    if not 0.5 <= coverage <= 0.99:
        raise InputError("The coverage is {coverage}, expected a share from 0.5 to 0.99.", coverage=f"{coverage:g}")
    left = math.floor(round((n + 1) * (1 - coverage), 9))
    if left < 1:
        raise ModelError(
            "The model has {count} calibration pictures; lists that hold the right answer in {share} % of all "
            "pictures need at least {needed}. Ask for a smaller coverage, or train with more validation pictures.",
            count=f"{n:,}", share=f"{100 * coverage:g}", needed=pictures_needed(coverage),
        )  # fmt: skip
    return left


def _beta_quantile(a: int, b: int, level: float) -> float:
    """Return x with P(Beta(a, b) <= x) = level, by halving; P is the chance of a or more of a + b - 1."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _binomial_tail(a + b - 1, middle, a) < level else (low, middle)
    return (low + high) / 2


def _binomial_tail(n: int, p: float, least: int) -> float:
    """Return the chance of ``least`` or more of n, each with the chance p (0..1, both ends left out)."""
    k = np.arange(least, n + 1)
    ways = math.lgamma(n + 1) - np.array([math.lgamma(i + 1) + math.lgamma(n - i + 1) for i in k.tolist()])
    return float(np.exp(ways + k * math.log(p) + (n - k) * math.log1p(-p)).sum())
