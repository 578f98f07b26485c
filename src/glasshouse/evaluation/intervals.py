"""How sure a counted proportion is."""

import math
from statistics import NormalDist

from glasshouse.errors import InputError

__all__ = ["wilson"]


def wilson(correct: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval (low, high) of a proportion.

    With p = correct/count and z the normal quantile of (1 + level)/2:
    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Nothing counted leaves (0, 1).

    Args:
        correct: how many of ``count`` were right, 0 <= correct <= count.
        level: the confidence, above 0 and below 1.

    Raises:
        InputError: an argument is out of its range.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.

    >>> [round(end, 4) for end in wilson(81, 100)]
    [0.7222, 0.8749]
    """
    if not (0 <= correct <= count and 0 < level < 1):
        raise InputError(
            "wilson: expected 0 <= correct <= count and 0 < level < 1, got {correct}, {count}, {level}",
            correct=correct,
            count=count,
            level=level,
        )
    if count == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = correct / count
    center = p + z * z / (2 * count)
    margin = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    low = 0.0 if correct == 0 else max(0.0, (center - margin) / scale)
    high = 1.0 if correct == count else min(1.0, (center + margin) / scale)
    return low, high
