"""The curves of a run: what its events.jsonl tells, read on from where the last reader stopped."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from glasshouse.web.charts import Chart, Series, chart

__all__ = ["Curves", "Told", "curves", "told"]

WIDTH = 480  # of a drawing: two stand side by side


@dataclass
class Told:
    """What a run said so far: steps, epochs, checkpoints, notices as dictionaries; ``number`` grows with each line."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    started: dict[str, Any] = field(default_factory=dict)
    finished: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    version: int = 0

    @property
    def best(self) -> dict[str, Any] | None:
        """The best epoch so far."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.get("best")), None)


@dataclass(frozen=True)
class Curves:
    """The three charts of a run; each is None while there is nothing to draw."""

    loss: Chart | None
    accuracy: Chart | None
    rate: Chart | None


class _Reader:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.offset = 0
        self.told = Told()
        self.lock = threading.Lock()

    def read(self) -> Told:
        with self.lock:
            try:
                size = self.file.stat().st_size
            except FileNotFoundError:
                size = 0
            if size < self.offset:  # a resumed run cut off what lay behind its checkpoint
                self.offset, self.told = 0, Told(version=self.told.version + 1)
            if size > self.offset:
                with self.file.open("rb") as source:
                    source.seek(self.offset)
                    block = source.read(size - self.offset)
                whole = block[: block.rfind(b"\n") + 1]
                self.offset += len(whole)
                for line in whole.splitlines():
                    _take(self.told, line)
            return self.told


@lru_cache(maxsize=64)
def _reader(file: Path) -> _Reader:
    return _Reader(file)


def told(run: Path) -> Told:
    """Return what the run in the folder ``run`` said so far."""
    return _reader(run / "events.jsonl").read()


def curves(run: Told, names: Sequence[str]) -> Curves:
    """Return the charts of a run; ``names`` are the words for training, validation, accuracy and rate."""
    train, valid, accuracy, rate = names
    per_epoch = float(run.started.get("steps_per_epoch") or 1)
    steps = [(step["step"] / per_epoch, step["loss"]) for step in run.steps]
    mean = [(e["epoch"], e["train_loss"]) for e in run.epochs]
    held = [(e["epoch"], e["valid_loss"]) for e in run.epochs if e["valid_loss"] is not None]
    right = [(e["epoch"], 100 * e["valid_accuracy"]) for e in run.epochs if e["valid_accuracy"] is not None]
    rates = [(step["step"] / per_epoch, step["lr"]) for step in run.steps] or [
        (e["epoch"], e["lr"]) for e in run.epochs
    ]
    last = max([x for x, _ in [*steps, *mean]], default=1.0)
    across = (0.0, max(last, 1.0))
    return Curves(
        chart([Series("train raw", "", steps), Series("train", train, mean, True),
               Series("valid", valid, held, True)], across, width=WIDTH),
        chart([Series("accuracy", accuracy, right, True)], across, _floor(right), WIDTH),
        chart([Series("rate", rate, rates)], across, width=WIDTH),
    )  # fmt: skip


def _floor(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the y range of accuracies: up to 100 %, down to a round number below the least."""
    return (min(90.0, 10.0 * int(min((y for _, y in points), default=0.0) // 10)), 100.0)


def _take(run: Told, line: bytes) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        return
    run.number += 1
    kinds = {"step": run.steps, "epoch": run.epochs, "checkpoint": run.checkpoints, "notice": run.notices}
    if event.get("type") in kinds:
        kinds[event["type"]].append(event)
    elif event.get("type") == "run-started":
        run.started = event
    elif event.get("type") == "run-finished":
        run.finished = event
