"""When a score may be relied on: the limits are named here once, for the report, the pages and the command line."""

from collections.abc import Sequence

__all__ = ["FEW_FOR_CALIBRATION", "GAP", "WIDE", "calibration_verdict", "not_beaten", "too_wide"]

WIDE = 0.10  # an interval wider than this fraction of all pictures says little
GAP = 0.05  # up to this calibration error probabilities may be read as chances
FEW_FOR_CALIBRATION = 200  # pictures; with fewer the calibration is only roughly known


def too_wide(interval: Sequence[float]) -> bool:
    """Say whether a 95 % interval (low, high), both 0..1, is too wide for small differences to mean anything."""
    return interval[1] - interval[0] > WIDE


def not_beaten(low: float, baselines: Sequence[float]) -> float | None:
    """Return the best accuracy of the baselines if a model is not clearly better, else None.

    A model is clearly better if ``low``, the lower end of its interval, is above the accuracy of each baseline.
    """
    best = max(baselines, default=None)
    return best if best is not None and low <= best else None


def calibration_verdict(sure: float, right: float, error: float) -> str:
    """Say what a model's probabilities are worth: ``good``, ``overconfident`` or ``underconfident``.

    Args:
        sure: the mean probability of its answers, 0..1.
        right: the fraction of answers that are right.
        error: the expected calibration error, 0..1.
    """
    if error < GAP:
        return "good"
    return "overconfident" if sure > right else "underconfident"
