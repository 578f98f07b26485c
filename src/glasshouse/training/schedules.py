"""Learning-rate schedules: pure functions of how far the training has come.

Every schedule is a function (progress, recipe) -> factor of the base rate, with progress in [0, 1]: 0 at the first
step, 1 at the end. Percentages follow NVIDIA DIGITS, one-cycle follows fastai (Smith 2018, arXiv:1803.09820).
"""

import math
from bisect import bisect_right
from collections.abc import Callable

from glasshouse.recipe import ScheduleRecipe

__all__ = ["SCHEDULES", "rate"]


def _constant(progress: float, recipe: ScheduleRecipe) -> float:
    return 1.0


def _step(progress: float, recipe: ScheduleRecipe) -> float:
    return math.pow(_or(recipe.gamma, 0.1), math.floor(100 * progress / _or(recipe.step, 33.0)))


def _multi_step(progress: float, recipe: ScheduleRecipe) -> float:
    return math.pow(_or(recipe.gamma, 0.5), bisect_right(sorted(recipe.milestones), 100 * progress))


def _exponential(progress: float, recipe: ScheduleRecipe) -> float:
    return math.pow(_or(recipe.gamma, 0.95), 100 * progress)


def _inverse(progress: float, recipe: ScheduleRecipe) -> float:
    return math.pow(1 + _or(recipe.gamma, 0.1) * 100 * progress, -_or(recipe.power, 0.5))


def _polynomial(progress: float, recipe: ScheduleRecipe) -> float:
    return math.pow(max(0.0, 1 - progress), _or(recipe.power, 3.0))


def _sigmoid(progress: float, recipe: ScheduleRecipe) -> float:
    exponent = _or(recipe.gamma, 0.1) * (100 * progress - _or(recipe.step, 50.0))
    return 1 / (1 + math.exp(min(exponent, 700.0)))


def _cosine(progress: float, recipe: ScheduleRecipe) -> float:
    return _half_cosine(1.0, 1 / recipe.final_div, progress)


def _one_cycle(progress: float, recipe: ScheduleRecipe) -> float:
    if progress < recipe.pct_start:
        return _half_cosine(1 / recipe.div, 1.0, progress / recipe.pct_start)
    return _half_cosine(1.0, 1 / recipe.final_div, (progress - recipe.pct_start) / (1 - recipe.pct_start))


SCHEDULES: dict[str, Callable[[float, ScheduleRecipe], float]] = {
    "constant": _constant,
    "step": _step,
    "multi-step": _multi_step,
    "exponential": _exponential,
    "inverse": _inverse,
    "polynomial": _polynomial,
    "sigmoid": _sigmoid,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}


def rate(step: int, total: int, base: float, recipe: ScheduleRecipe, warmup_steps: int = 0) -> float:
    """Return the learning rate of ``step`` (from 0) of ``total``: base · schedule(step/total).

    During the first ``warmup_steps`` it is base · schedule(0) · (step+1)/warmup_steps, and the schedule then has the
    remaining steps to itself.
    """
    follow = SCHEDULES[recipe.name]
    try:
        if step < warmup_steps:
            return base * follow(0.0, recipe) * (step + 1) / warmup_steps
        return base * follow((step - warmup_steps) / max(1, total - warmup_steps), recipe)
    except OverflowError:
        return math.inf  # which the training reports as a rate that is not finite


def _half_cosine(start: float, end: float, progress: float) -> float:
    """Return start at 0 and end at 1: end + (start - end) · (1 + cos πt)/2."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
