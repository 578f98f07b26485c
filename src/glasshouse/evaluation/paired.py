"""Whether two classifiers that answered the same pictures can be distinguished."""

from math import comb

__all__ = ["CHANCE", "exact"]

CHANCE = 0.05  # a difference that chance alone gives in fewer cases is called one


def exact(one: int, other: int) -> float:
    """Return p of the exact two-sided McNemar test: the chance of a split as uneven as ``one`` to ``other``, or more.

    ``one`` and ``other`` are the pictures that only the first, only the second classifier got right. It is the
    probability of min(one, other) or fewer heads in one + other tosses of a fair coin, doubled.

    Source: McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika, 1947.

    >>> exact(0, 6)
    0.03125
    """
    tosses = one + other
    tail = sum(comb(tosses, k) for k in range(min(one, other) + 1))
    return min(1.0, float(2 * tail / 2**tosses))
