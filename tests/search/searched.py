"""Tiny pictures to search on: some labels are wrong, so that no candidate is right about all."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.data.image_data import ImageData
from glasshouse.events import Event
from glasshouse.search.plan import SearchPlan
from glasshouse.search.searching import search


def pictures(out: Path, side: int = 28, count: int = 24, gray: bool = True, seed: int = 3) -> Path:
    """Return a dataset of this many pictures; its third class is so small that there are two folds."""
    draw = np.random.default_rng(seed)
    labels = np.where(np.arange(count) < count - 3, np.arange(count) % 2, 2)
    shape = (count, side, side) if gray else (count, side, side, 3)
    found = draw.integers(0, 120, shape).astype(np.uint8)
    found[labels == 1, : side // 2] += 60
    found[:4] = found[3::-1]
    data = ImageData.from_arrays(found, labels, size=side, out=out, twins=False, color="gray" if gray else "rgb",
                                 valid=0.25, test=0.1)  # fmt: skip
    return data.dataset.path


def result(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "result.json").read_text())
    return found


class Clock:
    """Seconds that pass only when a test says so, or a little with every question."""

    def __init__(self, each: float = 0.0) -> None:
        self.now, self.each, self.asked = 0.0, each, 0

    def __call__(self) -> float:
        self.asked += 1
        self.now += self.each
        return self.now


def watched(data: Path, out: Path, plan: SearchPlan, hear: Callable[[Event], object]) -> Iterator[Event]:
    """Yield the events of a search, each after ``hear`` was told of it."""
    with closing(search(data, out, plan)) as events:  # type: ignore[type-var]
        for event in events:
            hear(event)
            yield event
