"""How the layers of several runs learned, beside each other: a line a run, and a row for each layer that all have."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.store.points import Point
from glasshouse.web.models.layer_learning import LayerLearning, layer_learning

__all__ = ["ComparedLearning", "RunLearning", "compared_learning"]


@dataclass(frozen=True)
class RunLearning:
    """A run's latest measure: its ``layers``, and the range of the update-to-weight ratio over them.

    ``fading`` is the gradient norm of the first layer as a part of the last one's; ``dead`` the largest share of dead
    units; ``odd`` names the layers whose numbers are unusual. None if it was not measured.
    """

    layers: int
    update: tuple[float, float] | None
    fading: float | None
    dead: float | None
    odd: Sequence[str]


@dataclass(frozen=True)
class ComparedLearning:
    """The runs in their order, and by the name of a layer that every measured run has, its numbers in each of them."""

    runs: Sequence[RunLearning]
    shared: Sequence[tuple[str, Sequence[LayerLearning | None]]]


def compared_learning(measures: Sequence[Sequence[Point]]) -> ComparedLearning | None:
    """Compare the measures (events ``layers``) of runs; None if fewer than two were measured."""
    runs = [layer_learning(one) for one in measures]
    if sum(map(bool, runs)) < 2:
        return None
    known = [{one.name: one for one in run} for run in runs]
    first = next(run for run in runs if run)
    names = [one.name for one in first if all(one.name in run for run in known if run)]
    return ComparedLearning([_run(run) for run in runs], [(name, [run.get(name) for run in known]) for name in names])


def _run(layers: Sequence[LayerLearning]) -> RunLearning:
    updates = [one.update for one in layers if one.update is not None]
    gradients = [one.gradient for one in layers if one.gradient is not None]
    dead = [one.dead for one in layers if one.dead is not None]
    return RunLearning(
        len(gradients), (min(updates), max(updates)) if updates else None,
        gradients[0] / gradients[-1] if gradients and gradients[-1] else None, max(dead, default=None),
        [one.name for one in layers if one.odd],
    )  # fmt: skip
