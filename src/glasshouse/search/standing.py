"""How a search is at a moment: the leader, what it is worth, and who cannot be determined from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from glasshouse.data.stored.rows import Split
from glasshouse.evaluation.intervals import wilson
from glasshouse.evaluation.paired import exact
from glasshouse.search.comparison import Comparison
from glasshouse.search.folder import SearchFolder
from glasshouse.search.scoring import Answers

__all__ = ["Standing", "standing"]


@dataclass(frozen=True)
class Standing:
    """The best candidate so far: its ``number``, its score on ``pictures``, and that score corrected for the choice.

    ``p`` has for each other candidate that was scored on as many pictures the chance that a difference as large as the
    one to the leader is chance (exact McNemar test).
    """

    number: int
    pictures: int
    accuracy: float
    interval: tuple[float, float]
    corrected: float
    corrected_interval: tuple[float, float]
    p: Mapping[int, float] = field(default_factory=dict)


def standing(folder: SearchFolder, train: Split, seed: int = 0) -> Standing | None:
    """Return how the search in ``folder`` stands, whose candidates are scored on ``train``; None without a leader."""
    found = Comparison()
    for record in folder.records():
        found.add(record, folder.answers(record.number))
    leader = found.leader
    if leader is None:
        return None
    best, fair = found.answers[leader.number], found.corrected(leader, train, seed)
    p = {
        record.number: _chance(best, found.answers[record.number]) for record in found.records
        if record is not leader and record.score.whole and record.score.candidate.part == leader.score.candidate.part
    }  # fmt: skip
    hits = int(best.right.sum())
    return Standing(leader.number, len(best.rows), hits / len(best.rows), wilson(hits, len(best.rows)), fair.accuracy,
                    fair.interval, p)  # fmt: skip


def _chance(first: Answers, second: Answers) -> float:
    same = first.on(second.rows)
    other = second.on(same.rows)
    return exact(int((same.right & ~other.right).sum()), int((other.right & ~same.right).sum()))
