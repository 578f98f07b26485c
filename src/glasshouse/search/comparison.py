"""Candidates compared with each other: on the pictures that both answered for."""

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.stored.rows import Split
from glasshouse.search.correction import Corrected, corrected
from glasshouse.search.folder import Record
from glasshouse.search.scoring import Answers

__all__ = ["Comparison"]


class Comparison:
    """What was scored so far, in order, and who leads."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.answers: dict[int, Answers] = {}
        self.leader: Record | None = None

    def add(self, record: Record, answers: Answers) -> None:
        """Take a record, which leads from now on if it is better than the leader on the pictures of both."""
        self.records.append(record)
        self.answers[record.number] = answers
        if self.leads(record, answers):
            self.leader = record

    def leads(self, record: Record, answers: Answers) -> bool:
        """Whether a record, added or not, is better than the leader on the pictures of both."""
        return record.score.whole and (self.leader is None or self._better(record, answers, self.leader))

    def behind(self, answers: Answers) -> bool:
        """Whether the leader was better on these pictures."""
        if self.leader is None:
            return False
        same = self.answers[self.leader.number].on(answers.rows)
        mine = answers.on(same.rows)
        return bool(len(same.rows) and mine.right.mean() < same.right.mean())

    def corrected(self, leader: Record, train: Split, seed: int) -> Corrected:
        """Return the accuracy of ``leader`` corrected for the choice among all scored on the same pictures."""
        of_part = leader.score.candidate.part
        numbers = [r.number for r in self.records if r.score.whole and r.score.candidate.part == of_part]
        rows = self.answers[numbers[0]].rows
        for number in numbers[1:]:
            rows = np.intersect1d(rows, self.answers[number].rows)
        right: NDArray[np.bool_] = np.stack([self.answers[n].on(rows).right for n in numbers], 1)
        return corrected(right, train.groups[rows], seed)

    def _better(self, record: Record, answers: Answers, leader: Record) -> bool:
        """Whether a record is better: tried on more pictures, or righter, or as right and surer, on the same ones."""
        parts = record.score.candidate.part, leader.score.candidate.part
        if parts[0] != parts[1]:
            return parts[0] < parts[1]
        known = self.answers[leader.number]
        mine = answers.on(known.rows)
        other = known.on(mine.rows)
        if not len(mine.rows):
            return record.score.rank < leader.score.rank
        return (mine.right.mean(), mine.log_p.mean()) > (other.right.mean(), other.log_p.mean())
