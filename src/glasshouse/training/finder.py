"""The learning-rate range test: which rate to train with (Smith 2015, arXiv:1506.01186; steps and rules of fastai)."""

import math
from dataclasses import dataclass
from itertools import chain, count, islice, pairwise

from glasshouse.errors import NotFiniteError
from glasshouse.training.curves import Line, chart
from glasshouse.training.setup import TrainingSetup
from glasshouse.training.state import TrainingState

__all__ = ["RateFinding", "find_rate", "steepest", "valley"]

BETA = 0.98  # of the loss's moving average
WORST = 4.0  # times the best loss ends the test


@dataclass(frozen=True)
class RateFinding:
    """The (rate, smoothed loss) of each step, and two rules' answers; ``suggestion`` is that of the valley."""

    points: tuple[tuple[float, float], ...]
    suggestion: float
    steepest: float

    def __str__(self) -> str:
        return f"learning rate {self.suggestion:.2g} (valley; the steepest slope is at {self.steepest:.2g})"

    def _repr_html_(self) -> str:
        picture = chart([Line("loss", "#4269d0", self.points)], "Learning-rate range test", True, self.suggestion)
        return f"<div>{picture}<br>{self}</div>"


def find_rate(setup: TrainingSetup, start: float = 1e-7, end: float = 10.0, steps: int = 100) -> RateFinding:
    """Train a state for ``steps`` steps while the rate rises exponentially from ``start`` to ``end``.

    The setup's weights are spoiled by it. It stops where the smoothed loss passes four times its best.
    """
    state, plan = TrainingState(setup), setup.plan
    state.enter(plan.phases[-1])
    state.module.train()
    parts = chain.from_iterable(setup.batch_source.parts(epoch, 0, plan.pictures) for epoch in count())
    average, best, points = 0.0, math.inf, []
    for step in range(steps):
        rate = start * (end / start) ** (step / max(1, steps - 1))
        batch = list(islice(parts, 1))
        try:
            loss, _, _ = state.train_step(batch, len(batch[0].targets), rate)
        except NotFiniteError:
            break
        average = BETA * average + (1 - BETA) * loss
        smooth = average / (1 - BETA ** (step + 1))
        best = min(best, smooth)
        points.append((rate, smooth))
        if smooth > WORST * best:
            break
    if not points:
        raise NotFiniteError(f"the loss is not a number at the first rate, {start:.2g}; begin with a lower one, or "
                             "look at the weights that the network starts from", 1)  # fmt: skip
    kept = points[steps // 10 : -5] if len(points) > steps // 10 + 8 else points
    return RateFinding(tuple(points), valley(kept), steepest(kept))


def valley(points: list[tuple[float, float]]) -> float:
    """Return the rate halfway down the longest falling subsequence of losses (fastai's rule)."""
    losses = [loss for _, loss in points]
    lengths, last = [1] * len(losses), 0
    for i in range(1, len(losses)):
        lengths[i] = max([1, *(lengths[j] + 1 for j in range(i) if losses[i] < losses[j])])
        last = i if lengths[i] > lengths[last] else last
    first = max(0, last - lengths[last])
    section = (last - first) / 3
    return points[first + int(section) + int(section / 2)][0]


def steepest(points: list[tuple[float, float]]) -> float:
    """Return the rate at which the loss falls fastest over the logarithm of the rate."""
    slopes = [(b[1] - a[1]) / math.log(b[0] / a[0]) for a, b in pairwise(points)]
    return points[slopes.index(min(slopes))][0] if slopes else points[0][0]
