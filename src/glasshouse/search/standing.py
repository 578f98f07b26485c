"""How the candidates of a search stand at a moment: the leader, what it is worth, and who cannot be told from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.paired import exact
from glasshouse.search.correction import corrected
from glasshouse.search.folder import Record, SearchFolder

__all__ = ["Standing", "standing"]


@dataclass(frozen=True)
class Standing:
    """The best candidate so far: its ``number``, its score on ``pictures``, and that score corrected for the choice.

    ``p`` has for each other candidate that was scored on the same pictures the chance that a difference as large as
    the one to the leader is chance (exact McNemar test).
    """

    number: int
    pictures: int
    accuracy: float
    interval: tuple[float, float]
    corrected: float
    corrected_interval: tuple[float, float]
    p: Mapping[int, float] = field(default_factory=dict)


def standing(folder: SearchFolder, groups: NDArray[np.int64], seed: int = 0) -> Standing | None:
    """Return how the search in ``folder`` stands; None before its first whole candidate.

    ``groups`` (N,) of the training pictures: those of one group are drawn together.
    """
    records = [record for record in folder.records() if record.score.whole]
    if not records:
        return None
    rows, right = _table(folder, records)
    leader = min(range(len(records)), key=lambda k: records[k].score.rank)
    fair = corrected(right, groups[rows], seed)
    hits, best = int(right[:, leader].sum()), right[:, leader]
    p = {
        record.number: exact(int((best & ~right[:, k]).sum()), int((right[:, k] & ~best).sum()))
        for k, record in enumerate(records) if k != leader
    }  # fmt: skip
    return Standing(records[leader].number, len(rows), hits / len(rows), wilson(hits, len(rows)), fair.accuracy,
                    fair.interval, p)  # fmt: skip


def _table(folder: SearchFolder, records: Sequence[Record]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the pictures that all were scored on (n,), and whether each candidate was right about them (n, C)."""
    found = [folder.answers(record.number) for record in records]
    rows = found[0].rows
    for answers in found[1:]:
        rows = np.intersect1d(rows, answers.rows)
    return rows, np.stack([a.right[np.searchsorted(a.rows, rows)] for a in found], 1)
