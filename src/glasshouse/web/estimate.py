"""How long a training may take here: measured on trainings that this machine has done, or not told at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from glasshouse.store.points import told
from glasshouse.web.pages.desk import MODEL, Job

__all__ = ["Pace", "paces", "seconds_for"]

NEWEST = 20  # trainings that are looked at


@dataclass(frozen=True)
class Pace:
    """Seconds for one picture and one epoch: of which network and strategy, at how many pixels."""

    network: str
    strategy: str
    pixels: int
    seconds: float


def paces(jobs: Iterable[Job]) -> list[Pace]:
    """Return the pace of each finished training, newest first."""
    listed = list(jobs)
    datasets = {job.id: job for job in listed if job.kind != MODEL}
    found: list[Pace] = []
    for job in listed:
        data = datasets.get(job.dataset or "")
        epochs = job.scores.get("epoch")
        if job.kind != MODEL or job.state != "done" or len(found) == NEWEST:
            continue
        seconds = told(job.folder).finished.get("seconds") or job.seconds
        if seconds and epochs and data and data.pictures:
            pixels = int(data.recipe["width"]) * int(data.recipe["height"])
            work = _train_pictures(data.recipe, data.pictures) * epochs
            strategy = str(job.recipe.get("strategy", "scratch"))
            found.append(Pace(str(job.recipe.get("network")), strategy, pixels, seconds / max(work, 1)))
    return found


def seconds_for(known: Iterable[Pace], recipe: Mapping[str, Any], data: Job) -> float | None:
    """Return about how many seconds a training takes; None where nothing like it was measured here."""
    pixels = int(data.recipe["width"]) * int(data.recipe["height"])
    for pace in known:
        if pace.network == recipe.get("network") and pace.strategy == recipe.get("strategy", "scratch"):
            work = _train_pictures(data.recipe, data.pictures or 0) * int(recipe.get("epochs") or 1)
            return pace.seconds * work * pixels / pace.pixels
    return None


def _train_pictures(recipe: Mapping[str, Any], pictures: int) -> float:
    return pictures * (1 - float(recipe.get("valid", 0)) - float(recipe.get("test", 0)))
