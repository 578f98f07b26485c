"""A search from its first candidate to its judged winner: a generator of events, like a training.

    with closing(search(dataset, out, SearchPlan(minutes=10))) as events:
        for event in events:
            print(event)

The events, in this order (all of them turn into JSON and back, see `glasshouse.events`):

- ``SearchPhase``: ``dataset`` (only of `search_source`: pictures are read), ``comparing``, ``winner``, ``refit``.
- ``Progress`` within a phase; its ``stage`` is ``features``, ``head``, ``training``, ``validating``, or a dataset's.
- ``CandidateStarted``, of frozen features ``CandidateScored`` as soon as the accuracy is known, and when its run can
  be used ``CandidateDone`` with accuracy, interval and the run's folder; ``best``: it leads now.
  One that was begun and could not be finished has no ``CandidateDone``; a ``Notice`` of the kind ``time`` says so.
- ``Notice``: what a person should know; of the kind ``candidate``: one cannot be trained, and is left out.
- ``SearchFinished``, the last one.

After every ``CandidateDone`` the folder holds a ``result.json`` with the best so far. There are two ways to end early.
``SearchPlan.stop`` answers True: no further candidate is tried, the winner is trained and judged, and the events end
as usual. Closing the generator, Ctrl-C or SIGTERM: it ends at once, and ``result.json`` names the best candidate's run.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.preparing.resized import resized
from glasshouse.errors import (
    GlasshouseError,
    MemoryLimitError,
    NetworkError,
    NotFiniteError,
    RecipeError,
    RunError,
    WeightsError,
)
from glasshouse.evaluation.intervals import wilson
from glasshouse.events import (
    CandidateDone,
    CandidateScored,
    CandidateStarted,
    Event,
    Notice,
    Progress,
    RunStarted,
    SearchFinished,
    SearchPhase,
    StepDone,
)
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.search.budget import Budget, OutOfTimeError, Sizes, Stopwatch
from glasshouse.search.candidates import Candidate, Score
from glasshouse.search.comparison import Comparison
from glasshouse.search.folder import Record, SearchFolder, Settings
from glasshouse.search.plan import SearchPlan
from glasshouse.search.result import result_of
from glasshouse.search.rounds import next_candidate
from glasshouse.search.scoring import Answers, Folds, folds_of, frozen_answers, run_answers, together, trained
from glasshouse.training.interrupts import Stopped, interrupted_by

__all__ = ["SearchPlan", "search"]

PLAN = SearchPlan()
UNFIT = (
    MemoryLimitError,
    NetworkError,
    NotFiniteError,
    RecipeError,
    WeightsError,
)  # of one candidate, not of the search


def search(data: str | Path | Dataset, out: str | Path, plan: SearchPlan = PLAN) -> Iterator[Event]:
    """Search the best recipe for a dataset and yield what happens; ``out`` becomes the search's folder.

    Candidates are compared on training pictures that they did not learn from. The winner learns from all training
    pictures, and the validation pictures judge it once. A search that is in ``out`` goes on; closing the iterator
    or Ctrl-C keeps the best so far.

    Raises:
        DatasetError: a class has too few training pictures to leave some out.
        RunError: ``out`` is taken, or no candidate was finished in the minutes.
    """
    dataset = data if isinstance(data, Dataset) else open_dataset(data)
    folder = SearchFolder(Path(out))
    folder.begin(Settings(str(dataset.path), dataset.fingerprint, plan.candidates, plan.refit, plan.seed))
    whole = _Search(dataset, folder, plan)
    try:
        yield from whole.compare()
        yield from whole.end()
    except (KeyboardInterrupt, GeneratorExit):
        whole.keep("stopped")
        raise


class SearchStoppedError(Stopped):
    """The plan's ``stop`` was asked, and said so."""


class _NoPicturesError(Exception):
    """The pictures cannot be read from the source again."""

    def __init__(self, reason: GlasshouseError) -> None:
        super().__init__()
        self.reason = reason


class _Search:
    def __init__(self, dataset: Dataset, folder: SearchFolder, plan: SearchPlan) -> None:
        self.dataset, self.folder, self.plan = dataset, folder, plan
        self.train = dataset.splits["train"]
        val = len(dataset.splits["val"]) if "val" in dataset.splits else 0
        self.budget = Budget(plan, Sizes(len(self.train), val, dataset.width))
        self.found = Comparison()
        for record in folder.records():
            self.found.add(record, folder.answers(record.number))
        self.given_up: list[Candidate] = []
        self.reason = "done"
        self._known_folds = {1: folds_of(dataset)}  # by part; of many pictures they take seconds
        self._resized: dict[int, Dataset] = {}  # by side

    @property
    def leader(self) -> Candidate | None:
        """The best candidate so far."""
        return None if self.found.leader is None else self.found.leader.score.candidate

    def compare(self) -> Iterator[Event]:
        """Score candidates until there are as many as asked for, no time for another, or a stop."""
        yield SearchPhase("comparing", self.budget.spent(), self.budget.remaining)
        while self.plan.candidates is None or len(self.found.records) < self.plan.candidates:
            if self.plan.stop() or self.budget.left() <= 0:
                self.reason = "stopped" if self.plan.stop() else "time"
                return
            candidate = self._next()
            if candidate is None:
                return
            try:
                yield from self._try(candidate)
            except OutOfTimeError:
                self.given_up.append(candidate)
                self.reason = "time"
                told = Message("there was not enough time to finish candidate {number} ({network}, {strategy})",
                               number=len(self.found.records) + 1, network=candidate.of_network,
                               strategy=candidate.strategy)  # fmt: skip
                yield Notice("time", told)
            except _NoPicturesError as error:
                self.given_up.append(candidate)
                yield Notice("size", Message("pictures of {side}x{side} pixels are not tried: {reason}",
                                             side=candidate.side, reason=error.reason.message))  # fmt: skip
            except UNFIT as error:
                self.given_up.append(candidate)
                told = Message("candidate {number} ({network}, {strategy}) is left out: {reason}",
                               number=len(self.found.records) + 1, network=candidate.of_network,
                               strategy=candidate.strategy, reason=error.message)  # fmt: skip
                yield Notice("candidate", told)
            except SearchStoppedError:
                self.reason = "stopped"
                return

    def end(self) -> Iterator[Event]:
        """Train the winner on all training pictures, and have the validation pictures judge it once."""
        leader = self._need_leader()
        runs: dict[str, Path] = {}
        part = self.budget.last_part(leader.score.candidate)
        try:
            yield from self._final("winner", leader, "train" if part == 1 else f"part 1/{part}", runs)
            if part > 1:
                yield Notice("part", Message("the winner learned from one in {part} training pictures: there was no "
                                             "time for all", part=part))  # fmt: skip
            elif self.plan.refit and "val" in self.dataset.splits:
                yield from self._final("refit", leader, "train+val", runs)
        except OutOfTimeError:
            self.reason = "time"
            yield Notice("time", "there was not enough time left to train the winner on all training pictures; a "
                         "search that goes on does so")  # fmt: skip
        except _NoPicturesError as error:
            told = Message("the winner is the candidate's own run, which learned without a fold: {reason}",
                           reason=error.reason.message)  # fmt: skip
            yield Notice("size", told)
        result = self.keep(self.reason, runs)
        best = result["best"]
        yield SearchFinished(best["run"], self.reason, best["accuracy"], best["corrected"], best["valid_accuracy"],
                             result["seconds"])  # fmt: skip

    def _final(self, name: str, leader: Record, learn_from: str, runs: dict[str, Path]) -> Iterator[Event]:
        """Train the leader on all pictures, and put the run's folder into ``runs``."""
        yield SearchPhase(name, self.budget.spent(), self.budget.remaining)
        place = self.folder.final(name if not learn_from.startswith("part") else f"{name}-part", leader.number)
        candidate = leader.score.candidate
        data = yield from self._until(self._pictures(candidate), self.budget.check_end)
        yield from self._until(trained(_recipe(data, candidate, learn_from), place), self.budget.check_end)
        runs[name] = place

    def keep(self, reason: str, runs: dict[str, Path] | None = None) -> dict[str, Any]:
        """Write the result as it is now, and return it; without a candidate there is none."""
        runs = runs or {}
        result = result_of(self.found, self.train, self.plan.seed, self.budget.spent(), reason, runs.get("winner"),
                           runs.get("refit"))  # fmt: skip
        if result:
            result["judged"] = sum(name.startswith("winner") for name in self.folder.finals())
            self.folder.write_result(result)
        return result

    def _next(self) -> Candidate | None:
        scores = [record.score for record in self.found.records]
        late = False
        for candidate in next_candidate(self.dataset, scores, self.plan.seed, timed=self.plan.seconds < float("inf")):
            if candidate in self.given_up:
                continue
            if self.budget.fits(candidate, self._folds(candidate.part).scored, self.leader):
                return candidate
            late = True
        if late:
            self.reason = "time"
        return None

    def _try(self, candidate: Candidate) -> Generator[Event]:
        number, start = len(self.found.records) + 1, self.plan.clock()
        folds = self._folds(candidate.part)
        pictures = len(self.train) // candidate.part
        run = self.folder.run(number)
        yield CandidateStarted(number, candidate.of_network, candidate.strategy, candidate.what, pictures, str(run),
                               self.budget.expected(candidate, folds.scored), candidate.side)  # fmt: skip
        watch = Stopwatch(self.budget, candidate, pictures)
        answers, whole = yield from self._answers(number, candidate, folds, watch, start)
        watch.end()
        record = self._record(number, candidate, answers, whole, start)
        self.folder.add(record, answers)
        self.found.add(record, answers)
        self.keep("running")
        low, high = _interval(answers)
        yield CandidateDone(number, candidate.of_network, candidate.strategy, record.score.accuracy, record.pictures,
                            record.seconds, record.run, self.found.leader is record, low, high, whole,
                            candidate.side)  # fmt: skip

    def _record(self, number: int, candidate: Candidate, answers: Answers, whole: bool, start: float) -> Record:
        """Return what is kept of a candidate that answered so, and was begun at ``start``."""
        score = Score(candidate, float(answers.right.mean()), float(-answers.log_p.mean()), whole)
        return Record(number, score, len(answers.rows), self.plan.clock() - start, str(self.folder.run(number)))

    def _scored(self, number: int, candidate: Candidate, answers: Answers, start: float) -> CandidateScored:
        """Return the event that says a score before its run is trained."""
        record = self._record(number, candidate, answers, True, start)
        return CandidateScored(number, candidate.of_network, candidate.strategy, record.score.accuracy, record.pictures,
                               record.seconds, self.found.leads(record, answers), *_interval(answers),
                               candidate.side)  # fmt: skip

    def _answers(
        self, number: int, candidate: Candidate, folds: Folds, watch: Stopwatch, start: float
    ) -> Generator[Event, None, tuple[Answers, bool]]:
        """Score all folds of a candidate, or only the first where it is behind there."""
        part = "" if candidate.part == 1 else f" of part 1/{candidate.part}"
        run = self.folder.run(number)
        data = yield from self._until(self._pictures(candidate), self._check, watch)
        if candidate.frozen:
            first = _recipe(data, candidate, f"fold 1/{folds.count}{part}")
            whole = _recipe(data, candidate, part.removeprefix(" of ") or "train")
            answers = yield from self._until(frozen_answers(data, whole, run), self._check, watch)
            yield self._scored(number, candidate, answers, start)
            yield from self._until(trained(first, run), self._check, watch)
            return answers, True
        parts: list[Answers] = []
        for fold in range(1, folds.scored + 1):
            run = self.folder.run(number, fold)
            recipe = _recipe(data, candidate, f"fold {fold}/{folds.count}{part}")
            yield from self._until(trained(recipe, run), self._check, watch)
            parts.append(run_answers(data, run))
            if fold == 1 and folds.scored > 1 and self.found.behind(parts[0]):
                return parts[0], False
        return together(parts), True

    def _until(
        self, events: Generator[Event, None, Any], check: Callable[[], None], watch: Stopwatch | None = None
    ) -> Generator[Event, None, Any]:
        """Pass on progress while there is time; return what the events return.

        Raises:
            OutOfTimeError, SearchStoppedError: what ``check`` raises; what was done is kept.
        """
        steps = 0
        with closing(events):
            while True:
                try:
                    with interrupted_by(check):
                        event = next(events)
                except StopIteration as end:
                    return end.value
                if watch is not None:
                    watch.hear(event)
                if isinstance(event, RunStarted):
                    steps = event.epochs * event.steps_per_epoch
                elif isinstance(event, Progress):
                    yield event
                elif isinstance(event, StepDone):
                    yield Progress("training", event.step, steps, event.seconds, event.remaining)
                check()

    def _folds(self, part: int) -> Folds:
        if part not in self._known_folds:
            self._known_folds[part] = folds_of(self.dataset, part)
        return self._known_folds[part]

    def _check(self) -> None:
        if self.plan.stop():
            raise SearchStoppedError
        self.budget.check(self.leader)

    def _pictures(self, candidate: Candidate) -> Generator[Event, None, Dataset]:
        """Yield progress and return the dataset as a candidate sees it: at its size, made when first needed.

        Raises:
            _NoPicturesError: the source does not have the pictures any more.
        """
        side = candidate.side
        if side is None:
            return self.dataset
        if side not in self._resized:
            place = self.folder.at_side(side) if self.plan.sized is None else self.plan.sized(side)
            try:
                self._resized[side] = yield from resized(self.dataset, side, side, place)
            except GlasshouseError as error:
                raise _NoPicturesError(error) from None
        return self._resized[side]

    def _need_leader(self) -> Record:
        if self.found.leader is None:
            raise RunError(
                "no candidate was finished in the time; go on with more minutes in {path}", path=self.folder.path
            )
        return self.found.leader


def _interval(answers: Answers) -> tuple[float, float]:
    return wilson(int(answers.right.sum()), len(answers.right))


def _recipe(data: Dataset, candidate: Candidate, learn_from: str) -> TrainingRecipe:
    return TrainingRecipe(data=str(data.path), learn_from=learn_from, **candidate.fields)
