"""The points of a run's curves: the lines of its events.jsonl, numbered from 1, read as they are appended.

There is one reader of a run in a process, and what it keeps is bounded: of very many steps the old ones grow sparse,
with the least and the greatest loss of each stretch kept, so that no peak is lost.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from glasshouse.store.tail import Tail

__all__ = ["Point", "Points", "RunPoints", "read_points"]

THINNED = 1000  # of steps that are kept: a curve has fewer pixels
READERS = 32  # runs that are remembered
OF_A_STEP = ("type", "step", "epoch", "loss", "lr", "grad_norm")
Point = Mapping[str, Any]


@dataclass(frozen=True)
class Points:
    """The points after number ``since``; if ``version`` is another than before, start over from 0.

    Each point is an event with its number as ``n``. ``last`` is the number to ask from next. Of many steps only some
    are reported; no number is ever reported with another content within one version.
    """

    version: int
    last: int
    points: Sequence[Point]


@dataclass
class RunPoints:
    """What a run said so far, each as a dictionary with its number ``n``; ``number`` is how many lines there were.

    ``latest`` is the last step, whole; of the ``steps`` only what curves show is kept.
    """

    steps: list[Point] = field(default_factory=list)
    epochs: list[Point] = field(default_factory=list)
    notices: list[Point] = field(default_factory=list)
    layers: list[Point] = field(default_factory=list)
    started: Point = field(default_factory=dict)
    finished: Point = field(default_factory=dict)
    latest: Point = field(default_factory=dict)
    number: int = 0
    stride: int = 1
    waiting: list[Point] = field(default_factory=list)

    @property
    def best(self) -> Point | None:
        """The best epoch so far."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.get("best")), None)

    @property
    def settled(self) -> int:
        """The number up to which everything that will be reported is there."""
        return self.number - len(self.waiting)

    def since(self, number: int, version: int = 0, until: int | None = None) -> Points:
        """Return the points after ``number``, up to ``until`` at most."""
        last = self.settled if until is None else until
        lists = (self.steps, self.epochs, self.notices, [self.started], [self.finished])
        found = [point for one in lists for point in one if point and number < point["n"] <= last]
        return Points(version, last, sorted(found, key=lambda point: int(point["n"])))

    def take(self, event: dict[str, Any]) -> None:
        """Add one line of the file."""
        event["n"] = self.number + 1
        if event.get("type") == "step":
            self.latest = event
            self.waiting.append({name: event[name] for name in (*OF_A_STEP, "n") if name in event})
            if len(self.waiting) >= 2 * self.stride or self.stride == 1:
                self._settle()
        else:
            self._settle()
            self._keep(event)
        self.number += 1  # last: another thread may be asking, and is told what is settled

    def _keep(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if kind == "epoch":
            self.epochs.append(event)
        elif kind == "layers":
            self.layers.append(event)
        elif kind == "notice":
            self.notices.append(event)
        elif kind == "run-started":
            self.started = event
        elif kind == "run-finished":
            self.finished = event

    def _settle(self) -> None:
        """Keep what is worth keeping of the steps that wait; if there are too many steps, halve them."""
        kept = self.steps + _extremes(self.waiting)
        self.waiting = []
        if len(kept) > THINNED:
            kept = [point for k in range(0, len(kept), 4) for point in _extremes(kept[k : k + 4])]
            self.stride *= 2
        self.steps = kept  # a new list: another thread may be going through the old one


class _Reader:
    def __init__(self, file: Path) -> None:
        self.tail = Tail(file)
        self.found = RunPoints()
        self.lock = threading.Lock()

    def read(self) -> RunPoints:
        with self.lock:
            anew, lines = self.tail.read()
            if anew:  # a resumed run cut off what lay behind its checkpoint
                self.found = RunPoints()
            for line in lines:
                self.found.take(line)
            return self.found


@lru_cache(maxsize=READERS)
def _reader(file: Path) -> _Reader:
    return _Reader(file)


def read_points(run: Path) -> RunPoints:
    """Return what the run in the folder ``run`` said so far; only what is new is read."""
    return _reader(run / "events.jsonl").read()


def _extremes(steps: Sequence[Point]) -> list[Point]:
    """Return the steps with the least and the greatest loss, in their order."""
    if len(steps) < 3:
        return list(steps)
    by_loss = [step for step in steps if step.get("loss") is not None] or list(steps)
    two = (min(by_loss, key=_loss), max(by_loss, key=_loss))
    return sorted({step["n"]: step for step in two}.values(), key=lambda step: int(step["n"]))


def _loss(step: Point) -> float:
    return float(step.get("loss") or 0.0)
