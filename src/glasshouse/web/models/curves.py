"""The curves of a run as they are drawn on the server; ``static/curves.js`` goes on with them in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.store.points import RunPoints
from glasshouse.web.framework.charts import Chart, Series, chart

__all__ = ["Curves", "curves"]

WIDTH = 480  # of a drawing: two are side by side
ROOM = 3.0  # percent between the least accuracy and the axis, so that a flat line does not lie on it


@dataclass(frozen=True)
class Curves:
    """The three charts of a run; each is None while there is nothing to draw."""

    loss: Chart | None
    accuracy: Chart | None
    rate: Chart | None


def curves(run: RunPoints, names: Sequence[str]) -> Curves:
    """Return the charts of a run; ``names`` are the words for two losses, two accuracies (training first) and rate."""
    train, valid, learned, accuracy, rate = names
    per_epoch = float(run.started.get("steps_per_epoch") or 1)
    steps = [(step["step"] / per_epoch, step["loss"]) for step in run.steps if step["loss"] is not None]
    mean = [(e["epoch"], e["train_loss"]) for e in run.epochs if e["train_loss"] is not None]
    held = [(e["epoch"], e["valid_loss"]) for e in run.epochs if e["valid_loss"] is not None]
    right = [(e["epoch"], 100 * e["valid_accuracy"]) for e in run.epochs if e["valid_accuracy"] is not None]
    seen = [(e["epoch"], 100 * e["train_accuracy"]) for e in run.epochs if e.get("train_accuracy") is not None]
    rates = [(step["step"] / per_epoch, step["lr"]) for step in run.steps] or [
        (e["epoch"], e["lr"]) for e in run.epochs
    ]
    last = max([x for x, _ in [*steps, *mean]], default=1.0)
    across = (0.0, max(last, 1.0))
    return Curves(
        chart([Series("train raw", "", steps), Series("train", train, mean, True),
               Series("valid", valid, held, True)], across, width=WIDTH),
        chart([Series("train", learned, seen, True), Series("accuracy", accuracy, right, True)], across,
              _floor([*seen, *right]), WIDTH),
        chart([Series("rate", rate, rates)], across, width=WIDTH),
    )  # fmt: skip


def _floor(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the y range of accuracies: up to 100 %, down to a round number so far below that the line is seen."""
    least = min((y for _, y in points), default=100.0)
    return (max(-ROOM, min(90.0, 10.0 * ((least - ROOM) // 10))), 100.0)
