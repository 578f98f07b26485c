"""A search from its first candidate to its judged winner: a generator of events, like a training."""

import json
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import RunError
from glasshouse.evaluation.intervals import wilson
from glasshouse.events import CandidateDone, Event, Notice, Progress, SearchFinished
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.search.candidates import Candidate, Score, next_candidate
from glasshouse.search.correction import corrected
from glasshouse.search.folder import Record, SearchFolder, Settings
from glasshouse.search.scoring import Answers, folds_of, frozen_answers, run_answers, trained

__all__ = ["SearchPlan", "search"]

START = 8.0  # seconds that a run takes beside its pictures
MARGIN = 1.3  # of estimates, on a machine that others use too


@dataclass(frozen=True)
class SearchPlan:
    """What is asked for: ``minutes`` counted from ``begun`` (time.monotonic), or a number of ``candidates``."""

    minutes: float | None = 10.0
    candidates: int | None = None
    refit: bool = False
    seed: int = 42
    begun: float | None = None


class OutOfTimeError(Exception):
    """A candidate could not be finished in the time that is left; what it did is kept."""


def search(data: str | Path | Dataset, out: str | Path, plan: SearchPlan = SearchPlan()) -> Iterator[Event]:
    """Search the best recipe for a dataset and yield what happens; ``out`` becomes the search's folder.

    Candidates are compared on training pictures that they did not learn from. The winner learns from all training
    pictures, and the validation pictures judge it once. A search that stands in ``out`` goes on; closing the iterator
    or Ctrl-C keeps the best so far.

    Raises:
        DatasetError: a class has too few training pictures to leave some out.
        RunError: ``out`` is taken, or no candidate was finished in the minutes.
    """
    dataset = data if isinstance(data, Dataset) else open_dataset(data)
    folder = SearchFolder(Path(out))
    settings = Settings(str(dataset.path), dataset.fingerprint, plan.candidates, plan.refit, plan.seed)
    folder.begin(settings)
    whole = _Search(dataset, folder, plan)
    try:
        yield from whole.candidates()
        yield from whole.end()
    except (KeyboardInterrupt, GeneratorExit):
        whole.keep("stopped")
        raise


class _Search:
    def __init__(self, dataset: Dataset, folder: SearchFolder, plan: SearchPlan) -> None:
        self.dataset, self.folder, self.plan = dataset, folder, plan
        self.begun = time.monotonic() if plan.begun is None else plan.begun
        self.deadline = None if plan.candidates or plan.minutes is None else self.begun + 60 * plan.minutes
        self.folds, self.scored = folds_of(dataset)
        self.records = folder.records()
        self.known = {record.number: folder.answers(record.number) for record in self.records}
        self.rates = {r.score.candidate.of_network: self._rate(r) for r in reversed(self.records)}

    @property
    def leader(self) -> Record | None:
        """The best candidate that was scored on everything."""
        return min((r for r in self.records if r.score.whole), key=lambda r: r.score.rank, default=None)

    def candidates(self) -> Iterator[Event]:
        """Score candidates until there are as many as asked for, or no time for another."""
        while self.plan.candidates is None or len(self.records) < self.plan.candidates:
            scores = [record.score for record in self.records]
            found = (one for one in next_candidate(self.dataset, scores, self.plan.seed) if self._fits(one))
            candidate = next(found, None)
            if candidate is None:
                return
            try:
                yield from self._try(candidate)
            except OutOfTimeError:
                yield Notice(
                    "time",
                    Message(
                        "there was no time to finish candidate {records}; what it did is kept for a search "
                        "that goes on",
                        records=len(self.records) + 1,
                    ),
                )
                return

    def end(self) -> Iterator[Event]:
        """Train the winner on all training pictures, and have the validation pictures judge it once."""
        leader = self._need_leader()
        names = ["winner", "refit"] if self.plan.refit and "val" in self.dataset.splits else ["winner"]
        for name in names:
            recipe = self._recipe(leader.score.candidate, "train+val" if name == "refit" else "train")
            yield from trained(recipe, self.folder.path / name)
        result = self.keep("done")
        best = result["best"]
        yield SearchFinished(best["run"], "done", best["accuracy"], best["corrected"], best["valid_accuracy"],
                             result["seconds"])  # fmt: skip

    def keep(self, reason: str) -> dict[str, Any]:
        """Write the result as it is now, and return it; without a candidate there is none."""
        leader = self.leader
        if leader is None:
            return {}
        answers = self.known[leader.number]
        right, count = int(answers.right.sum()), len(answers.right)
        fair = self._corrected()
        trained_whole = reason == "done"
        run = Path(leader.run)
        if trained_whole:
            run = self.folder.refit if self.folder.refit.exists() else self.folder.winner
        report = self._report() if trained_whole else {}
        result = {
            "best": {
                "run": str(run), "accuracy": right / count, "interval": list(wilson(right, count)),
                "corrected": fair[0], "corrected_interval": list(fair[1]),
                "valid_accuracy": report.get("accuracy"), "valid_interval": report.get("interval"),
            },
            "candidates": [
                {"network": r.score.candidate.of_network, "strategy": r.score.candidate.strategy,
                 "accuracy": r.score.accuracy, "seconds": r.seconds, "run": r.run} for r in self.records
            ],
            "seconds": time.monotonic() - self.begun,
        }  # fmt: skip
        self.folder.write_result(result)
        return result

    def _try(self, candidate: Candidate) -> Generator[Event]:
        number, start = len(self.records) + 1, time.monotonic()
        answers, whole = yield from self._timed_answers(number, candidate)
        accuracy, loss = float(answers.right.mean()), float(-answers.log_p.mean())
        score = Score(candidate, accuracy, loss, whole)
        seconds = time.monotonic() - start
        record = Record(number, score, len(answers.rows), seconds, str(self.folder.run(number)))
        self.folder.add(record, answers)
        self.records.append(record)
        self.known[number] = answers
        self.rates.setdefault(candidate.of_network, self._rate(record))
        leads = self.leader is record
        yield CandidateDone(number, candidate.of_network, candidate.strategy, accuracy, len(answers.rows), seconds,
                            record.run, leads)  # fmt: skip

    def _timed_answers(self, number: int, candidate: Candidate) -> Generator[Event, None, tuple[Answers, bool]]:
        """Score all folds of a candidate, or only the first where it is behind there."""
        run = self.folder.run(number)
        if candidate.fields.get("head") == "linear" and self.scored > 1:
            found = frozen_answers(self.dataset, self._recipe(candidate, "train"), run)
            answers = yield from self._until(found)
            yield from self._until(trained(self._recipe(candidate, f"fold 1/{self.folds}"), run))
            return answers, True
        parts: list[Answers] = []
        for fold in range(1, self.scored + 1):
            run = self.folder.run(number, fold)
            yield from self._until(trained(self._recipe(candidate, f"fold {fold}/{self.folds}"), run))
            parts.append(run_answers(self.dataset, run))
            if fold == 1 and self.scored > 1 and self._behind(parts[0]):
                return parts[0], False
        return _together(parts), True

    def _behind(self, answers: Answers) -> bool:
        """Whether the leader was better on these pictures."""
        if self.leader is None:
            return False
        known = self.known[self.leader.number]
        same = known.right[np.isin(known.rows, answers.rows)]
        return bool(len(same) and answers.right.mean() < same.mean())

    def _until(self, events: Generator[Event, None, Any]) -> Generator[Event, None, Any]:
        """Pass on progress while there is time; return what the events return.

        Raises:
            OutOfTimeError: the time is up.
        """
        with closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    return end.value
                if isinstance(event, Progress):
                    yield event
                if self._left() <= 0 and self.leader is not None:
                    raise OutOfTimeError

    def _left(self) -> float:
        """Return the seconds that are left for candidates: the winner's last training is kept free."""
        if self.deadline is None:
            return float("inf")
        leader = self.leader
        return self.deadline - time.monotonic() - (0.0 if leader is None else self._last(leader))

    def _last(self, leader: Record) -> float:
        """Return an estimate of the seconds that training the winner on all training pictures takes."""
        val = len(self.dataset.splits["val"]) if "val" in self.dataset.splits else 0
        look = self.rates.get(leader.score.candidate.of_network, 0.0) * val
        again = 0.3 * leader.seconds if leader.score.candidate.strategy == "features" else (
            leader.seconds / self.scored * self.folds / (self.folds - 1))  # fmt: skip
        times = 2 if self.plan.refit else 1
        return MARGIN * (look + times * (again + START))

    def _fits(self, candidate: Candidate) -> bool:
        """Whether there seems to be time for a candidate; the first is always tried."""
        if self.deadline is None or self.leader is None:
            return True
        rate = self.rates.get(candidate.of_network, max(self.rates.values(), default=0.0))
        expected = candidate.cost * rate * len(self.dataset.splits["train"]) + START
        return MARGIN * expected < self._left()

    def _rate(self, record: Record) -> float:
        """Return the seconds of one look at a picture."""
        looks = record.score.candidate.cost * len(self.dataset.splits["train"])
        return max(0.0, record.seconds - START) / max(looks, 1.0)

    def _recipe(self, candidate: Candidate, learn_from: str) -> TrainingRecipe:
        return TrainingRecipe(data=str(self.dataset.path), learn_from=learn_from, **candidate.fields)

    def _need_leader(self) -> Record:
        if self.leader is None:
            raise RunError(
                "no candidate was finished in the time; go on with more minutes in {path}", path=self.folder.path
            )
        return self.leader

    def _corrected(self) -> tuple[float, tuple[float, float]]:
        """Return the winner's accuracy corrected for the choice among all that were scored on the same pictures."""
        numbers = [record.number for record in self.records if record.score.whole]
        rows = self.known[numbers[0]].rows
        for number in numbers[1:]:
            rows = np.intersect1d(rows, self.known[number].rows)
        right = np.stack([self.known[n].right[np.searchsorted(self.known[n].rows, rows)] for n in numbers], 1)
        found = corrected(right, self.dataset.splits["train"].groups[rows], self.plan.seed)
        return found.accuracy, found.interval

    def _report(self) -> dict[str, Any]:
        file = self.folder.winner / "report-val.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found


def _together(parts: list[Answers]) -> Answers:
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows)
    log_p, right = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("log_p", "right"))
    return Answers(rows[order], log_p, right)
