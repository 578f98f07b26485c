"""Accuracy with a region hidden, beside the one without: what a model is worth if it cannot see a mark."""

import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from glasshouse.data.stored.rows import Split
from glasshouse.errors import InputError
from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.paired import exact
from glasshouse.events import Progress
from glasshouse.explanation.opened import OpenedModel
from glasshouse.explanation.shortcuts.regions import Box
from glasshouse.export.scoring import columns_of

__all__ = ["HiddenRegion", "measure_hidden"]

AT_ONCE = 64


@dataclass(frozen=True)
class HiddenRegion:
    """What a model scores on a split as it is, and with ``box`` replaced by the mean picture, with 95 % intervals.

    ``lost`` answers were right only with the region, ``won`` only without; ``p`` is that of the exact McNemar test.
    """

    split: str
    box: Box
    count: int
    accuracy: float
    interval: tuple[float, float]
    hidden: float
    hidden_interval: tuple[float, float]
    lost: int
    won: int
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self) | {"box": list(self.box)}


def measure_hidden(opened: OpenedModel, split: str, box: Box) -> Generator[Progress, None, HiddenRegion]:
    """Yield progress and return the accuracy with ``box`` (x0, y0, x1, y1 in pixels) hidden, beside the one without.

    The region is replaced by the mean of the split's pictures there, the same for all of them.

    Raises:
        InputError: the box is empty or outside of the pictures.
        ModelError, DatasetError: as ``shortcuts``.
    """
    part, dataset, begin = opened.split(split), opened.dataset, time.monotonic()
    assert dataset is not None
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= dataset.width and 0 <= y0 < y1 <= dataset.height):
        raise InputError(
            "The box {box} is empty or outside of the pictures of {width}x{height} pixels.",
            box=list(box), width=dataset.width, height=dataset.height,
        )  # fmt: skip
    columns, mean, right = columns_of(opened.model, dataset), _mean(part, box), []
    for first in range(0, len(part), AT_ONCE):
        rows = part.rows(np.arange(first, min(first + AT_ONCE, len(part)))).copy()
        truth, seen = columns[part.labels[first : first + len(rows)]], opened.model.probabilities(rows).argmax(1)
        rows[:, y0:y1, x0:x1] = mean
        right.append(np.stack([seen == truth, opened.model.probabilities(rows).argmax(1) == truth]))
        done, seconds = first + len(rows), time.monotonic() - begin
        yield Progress("shortcuts", done, len(part), seconds, seconds / done * (len(part) - done))
    seen, unseen = np.concatenate(right, 1)
    lost, won, count = int((seen & ~unseen).sum()), int((~seen & unseen).sum()), len(part)
    return HiddenRegion(
        split, box, count, float(seen.mean()), wilson(int(seen.sum()), count), float(unseen.mean()),
        wilson(int(unseen.sum()), count), lost, won, exact(lost, won),
    )  # fmt: skip


def _mean(part: Split, box: Box) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    x0, y0, x1, y1 = box
    chosen = np.unique(np.linspace(0, len(part) - 1, min(200, len(part))).round().astype(np.int64))
    found = part.rows(chosen)[:, y0:y1, x0:x1].mean(0)
    return np.asarray(found.round(), np.uint8)
