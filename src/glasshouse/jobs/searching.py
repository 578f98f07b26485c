"""A search as a job: each candidate becomes a model as soon as it is scored, and the best one is what is left.

A search that is aborted tries no further candidate; the best so far is trained on all training pictures and kept. A
worker that ends puts it back into the queue, and it goes on with the time that it had left.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from glasshouse.errors import RunError
from glasshouse.events import (
    CandidateDone,
    CandidateScored,
    CandidateStarted,
    Event,
    Notice,
    Progress,
    SearchFinished,
    SearchPhase,
)
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.validation import keep_validation
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model, note_scores
from glasshouse.store.places import from_runs
from glasshouse.store.records import JobRecord, ModelRecord
from glasshouse.store.searches import add_candidate, adopt_run, note_leader, read_found, search_folder, write_found
from glasshouse.store.sized_datasets import add_sized_dataset, sized_dataset_folder
from glasshouse.store.submit import submit_evaluation

__all__ = ["Searching", "search_best"]

ASKED_EVERY = 1.0  # seconds between two looks whether it is to stop
LEAST = 0.2  # minutes that a search which goes on has at least
TRYING = ("number", "network", "strategy", "pictures", "expected", "side")  # of the candidate that is being tried
SCORED = ("number", "network", "strategy", "accuracy", "low", "high", "pictures", "side")  # while it is trained
TOLD = ("strategy", "views", "epochs", "augmentation", "head", "engine")  # of a recipe: what a candidate does


def search_best(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Search the best model for a dataset, or go on with it; what is found is kept candidate by candidate."""
    from glasshouse.search.searching import SearchPlan, search

    record = get_model(store, str(job.model_id))
    data = from_runs(get_dataset(store, str(job.dataset_id)).folder)
    one = Searching(store, job, progress, record)
    one.catch_up()
    asked = job.arguments
    plan = SearchPlan(one.minutes_left(), asked.get("candidates"), bool(asked.get("refit")),
                      int(asked.get("seed") or 0), one.begun, one.stopped,
                      sized=lambda side: Path(from_runs(sized_dataset_folder(record.id, side))))  # fmt: skip
    try:
        with closing(search(data, from_runs(search_folder(record.id)), plan)) as events:  # type: ignore[type-var]
            for event in events:
                one.hear(event)
    except KeyboardInterrupt:
        one.write()
        raise
    except RunError:
        if one.leader is None and one.stopped():
            raise KeyboardInterrupt from None  # aborted before there was anything to keep
        raise
    return one.result


class Searching:
    """Hears the events of a search and keeps what it finds: in its folder, as models, and as its own model."""

    def __init__(self, store: Store, job: JobRecord, progress: ProgressWriter, record: ModelRecord) -> None:
        self.store, self.job, self.progress, self.record = store, job, progress, record
        self.found: dict[str, Any] = {"candidates": [], "best": None, "seconds": 0.0, **read_found(store, record.id)}
        self.spent = float(self.found["seconds"])
        self.begun = time.monotonic()
        self.result: dict[str, Any] = {}
        self._asked, self._wished = 0.0, False

    @property
    def leader(self) -> Mapping[str, Any] | None:
        """The best candidate so far."""
        best = self.found["best"]
        rows = self.found["candidates"]
        return None if best is None else next((one for one in rows if one["number"] == best["number"]), None)

    @property
    def seconds(self) -> float:
        """How long the search has worked, over all starts of its job."""
        return self.spent + time.monotonic() - self.begun

    def minutes_left(self) -> float | None:
        """Return the minutes of this start; None without a limit."""
        asked = self.job.arguments.get("minutes")
        return None if asked is None else max(LEAST, float(asked) - self.spent / 60)

    def catch_up(self) -> None:
        """Take the candidates that the search has scored and this did not hear of, because its process ended."""
        from glasshouse.evaluation.intervals import wilson
        from glasshouse.search.folder import SearchFolder

        heard = {one["number"] for one in self.found["candidates"]}
        for one in SearchFolder(Path(from_runs(search_folder(self.record.id)))).records():
            if one.number not in heard:
                of, score = one.score.candidate, one.score
                low, high = wilson(round(score.accuracy * one.pictures), one.pictures)
                self._candidate(CandidateDone(one.number, of.of_network, of.strategy, score.accuracy, one.pictures,
                                              one.seconds, one.run, False, low, high, score.whole,
                                              of.side))  # fmt: skip

    def hear(self, event: Event) -> None:
        """Take one event."""
        self.progress.note(event)
        if isinstance(event, CandidateDone):
            self._candidate(event)
        elif isinstance(event, CandidateScored):
            self._say(scored={name: getattr(event, name) for name in SCORED})
        elif isinstance(event, CandidateStarted):
            self._say(trying={name: getattr(event, name) for name in TRYING}, scored=None)
        elif isinstance(event, SearchPhase):
            self._say(phase=event.phase, trying=None, ended=None)
        elif isinstance(event, SearchFinished):
            self._finished(event)
        elif isinstance(event, Notice):
            self.progress.hear(event)
        stage = event.stage if isinstance(event, Progress) else "searching"
        self.progress.course(stage, self._fraction(), self._remaining())

    def stopped(self) -> bool:
        """Whether a person wants it to end; the database is asked once in a while."""
        if not self._wished and time.monotonic() - self._asked > ASKED_EVERY:
            self._asked, self._wished = time.monotonic(), get_job(self.store, self.job.id).wish == "abort"
        return self._wished

    def write(self) -> None:
        """Keep what was found, and how long it took."""
        write_found(self.store, self.record.id, {**self.found, "seconds": self.seconds})

    def _say(self, **told: object) -> None:
        """Say what it does now."""
        self.found |= told
        self.write()

    def _candidate(self, event: CandidateDone) -> None:
        from glasshouse.training.run_folder import RunFolder

        run = Path(event.run)
        recipe = RunFolder(run).recipe.model_dump(mode="json")
        told = {"number": event.number, "network": event.network, "accuracy": event.accuracy,
                "pictures": event.pictures, "seconds": event.seconds, "at": self.seconds, "run": event.run,
                "interval": [event.low, event.high], "fields": {name: recipe.get(name) for name in TOLD}}  # fmt: skip
        scores = {"valid_accuracy": event.accuracy, "seconds": event.seconds}
        dataset = self._dataset(event.side)
        model = add_candidate(self.store, self.record, event.number, run, recipe, scores, dataset)
        told |= {"side": event.side, "dataset": dataset, "model": model}
        earlier = [one for one in self.found["candidates"] if one["number"] != event.number]
        self.found["candidates"] = [*earlier, told]
        self._stand(told)
        self.write()

    def _dataset(self, side: int | None) -> str:
        """Return the id of the dataset that a candidate learned from: the search's own, or that at another size."""
        if side is None:
            return str(self.job.dataset_id)
        return add_sized_dataset(self.store, self.record, str(self.job.dataset_id), side).id

    def _stand(self, latest: dict[str, Any]) -> None:
        """Note who leads, what the leader is worth, and who cannot be determined from it."""
        from glasshouse.data.dataset import open_dataset
        from glasshouse.search.folder import SearchFolder
        from glasshouse.search.standing import standing

        data = open_dataset(from_runs(get_dataset(self.store, str(self.job.dataset_id)).folder))
        folder = SearchFolder(Path(from_runs(search_folder(self.record.id))))
        now = standing(folder, data.splits["train"], int(self.job.arguments.get("seed") or 0))
        if now is None:
            return
        for one in self.found["candidates"]:
            one["p"] = now.p.get(one["number"])
        best = {"number": now.number, "accuracy": now.accuracy, "interval": list(now.interval),
                "pictures": now.pictures, "corrected": now.corrected,
                "corrected_interval": list(now.corrected_interval)}  # fmt: skip
        latest["best"] = best  # as it stood then, for the curve
        self.found["best"] = best
        leader = self.leader
        if leader is not None:
            recipe = get_model(self.store, leader["model"]).recipe
            note_leader(self.store, self.record.id, recipe)
            note_scores(self.store, self.record.id, {"valid_accuracy": now.corrected, "corrected": now.corrected,
                                                     "corrected_interval": list(now.corrected_interval)})  # fmt: skip

    def _finished(self, event: SearchFinished) -> None:
        if self.leader is None:
            return
        self._adopt(Path(event.run), event.reason)
        if (Path(self.record.id) / "report-val.json").is_file() and event.valid_accuracy is not None:
            self.progress.stage("scoring")
            keep_validation(self.store, get_model(self.store, self.record.id), Path(self.record.id), self.progress)
        else:
            self._ask_for_score()

    def _adopt(self, run: Path, reason: str) -> None:
        from glasshouse.training.run_folder import RunFolder

        recipe = RunFolder(run).recipe.model_dump(mode="json")
        adopt_run(self.store, self.record, run, recipe, (self.leader or {}).get("dataset"))
        self.found |= {"ended": reason, "phase": "", "trying": None}
        self.write()
        best = self.found["best"]
        self.result = {"reason": reason, "candidates": len(self.found["candidates"]), "corrected": best["corrected"],
                       "seconds": self.seconds}  # fmt: skip

    def _ask_for_score(self) -> None:
        """Queue the judgement of the validation pictures, which chose nothing; a dataset may have none."""
        data = get_dataset(self.store, str(self.job.dataset_id))
        if "val" in (data.summary or {}).get("splits", {}):
            submit_evaluation(self.store, self.record.id, "val")

    def _fraction(self) -> float:
        asked, number = self.job.arguments.get("minutes"), self.job.arguments.get("candidates")
        if asked is not None:
            return self.seconds / (60 * float(asked))
        return len(self.found["candidates"]) / (number + 1) if number else 0.0

    def _remaining(self) -> float | None:
        asked = self.job.arguments.get("minutes")
        return None if asked is None else max(0.0, 60 * float(asked) - self.seconds)
