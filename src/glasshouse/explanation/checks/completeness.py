"""Completeness of integrated gradients: the map has to add up to what the picture changes of the class's number."""

from collections.abc import Sequence

import numpy as np

from glasshouse.explanation.attribution.integrated_gradients import TOLERANCE, Integrated
from glasshouse.explanation.checks.interval import mean_interval
from glasshouse.explanation.checks.result import CheckTest
from glasshouse.messages import Message

__all__ = ["completeness"]

SHARE = 95  # percent of the pictures that have to be within the limit


def completeness(found: Sequence[Integrated], seed: int = 0) -> CheckTest:
    """Return the test of the maps of many pictures: 95 of 100 have to add up within 1 %, with up to 512 steps.

    The value is the error that 95 of 100 pictures are within, as a part of the change; its interval is that of the
    mean error.
    """
    errors = np.array([one.error for one in found])
    value = float(np.percentile(errors, SHARE, method="inverted_cdf"))
    _, low, high = mean_interval(errors, seed)
    steps = [one.steps for one in found]
    said = Message(
        "the maps of 95 of 100 pictures add up to the answer within {value} % (limit {limit} %), in {most} steps at "
        "most", value=f"{100 * value:.1f}", limit=f"{100 * TOLERANCE:g}", most=max(steps),
    )  # fmt: skip
    beside = {"steps_mean": float(np.mean(steps)), "worst": float(errors.max())}
    return CheckTest("completeness", value, low, high, TOLERANCE, value <= TOLERANCE, said, beside)
