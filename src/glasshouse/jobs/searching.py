"""A search as a job: each candidate becomes a model as soon as it is scored, and the best one is what is left.

Aborting it keeps the best so far. A worker that ends puts it back into the queue, and it goes on with the time that it
had left.
"""

import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from glasshouse.errors import ConflictError
from glasshouse.events import CandidateDone, Event, Notice, Progress, SearchFinished
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.validation import keep_validation
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model, note_scores
from glasshouse.store.places import from_runs
from glasshouse.store.records import JobRecord, ModelRecord
from glasshouse.store.searches import add_candidate, adopt_run, note_leader, read_found, search_folder, write_found
from glasshouse.store.submit import submit_evaluation

__all__ = ["Searching", "search_best"]

LEAST = 0.2  # minutes that a search which goes on has at least
TOLD = ("strategy", "views", "epochs", "augmentation", "head", "engine")  # of a recipe: what a candidate does


def search_best(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Search the best model for a dataset, or go on with it; what is found is kept candidate by candidate."""
    from glasshouse.search.searching import SearchPlan, search

    record = get_model(store, str(job.model_id))
    data = from_runs(get_dataset(store, str(record.dataset_id)).folder)
    one = Searching(store, job, progress, record)
    one.forget_winner()
    asked = job.arguments
    plan = SearchPlan(one.minutes_left(), asked.get("candidates"), bool(asked.get("refit")),
                      int(asked.get("seed") or 0), one.begun)  # fmt: skip
    try:
        with closing(search(data, from_runs(search_folder(record.id)), plan)) as events:  # type: ignore[type-var]
            for event in events:
                one.hear(event)
    except KeyboardInterrupt:
        one.write()
        if get_job(store, job.id).wish != "abort" or one.leader is None:
            raise
        _calm()
        return one.keep_leader()
    return one.result


class Searching:
    """Hears the events of a search and keeps what it finds: in its folder, as models, and as its own model."""

    def __init__(self, store: Store, job: JobRecord, progress: ProgressWriter, record: ModelRecord) -> None:
        self.store, self.job, self.progress, self.record = store, job, progress, record
        self.found: dict[str, Any] = {"candidates": [], "best": None, "seconds": 0.0, **read_found(store, record.id)}
        self.spent = float(self.found["seconds"])
        self.begun = time.monotonic()
        self.result: dict[str, Any] = {}

    @property
    def leader(self) -> Mapping[str, Any] | None:
        """The best candidate so far."""
        best = self.found["best"]
        return None if best is None else next(c for c in self.found["candidates"] if c["number"] == best["number"])

    @property
    def seconds(self) -> float:
        """How long the search has worked, over all starts of its job."""
        return self.spent + time.monotonic() - self.begun

    def minutes_left(self) -> float | None:
        """Return the minutes of this start; None without a limit."""
        asked = self.job.arguments.get("minutes")
        return None if asked is None else max(LEAST, float(asked) - self.spent / 60)

    def forget_winner(self) -> None:
        """Have a search that had ended and goes on choose anew."""
        if self.found.pop("ended", None) is not None:
            for name in ("winner", "refit"):
                shutil.rmtree(Path(from_runs(search_folder(self.record.id))) / name, ignore_errors=True)

    def hear(self, event: Event) -> None:
        """Take one event."""
        self.progress.note(event)
        if isinstance(event, CandidateDone):
            self._candidate(event)
        elif isinstance(event, SearchFinished):
            self._finished(event)
        elif isinstance(event, Notice):
            self.progress.hear(event)
        stage = event.stage if isinstance(event, Progress) else "searching"
        self.progress.course(stage, self._fraction(), self._remaining())

    def write(self) -> None:
        """Keep what was found, and how long it took."""
        write_found(self.store, self.record.id, {**self.found, "seconds": self.seconds})

    def keep_leader(self) -> dict[str, Any]:
        """Make the best candidate so far, as it is, what the search leaves; its scoring is queued."""
        leader = self.leader
        if leader is None:
            raise ConflictError("{name} has no candidate yet.", name=self.record.name)
        self._adopt(Path(leader["run"]), "stopped")
        self._ask_for_score()
        return self.result

    def _candidate(self, event: CandidateDone) -> None:
        from glasshouse.training.run_folder import RunFolder

        run = Path(event.run)
        recipe = RunFolder(run).recipe.model_dump(mode="json")
        told = {"number": event.number, "network": event.network, "accuracy": event.accuracy,
                "pictures": event.pictures, "seconds": event.seconds, "at": self.seconds, "run": event.run,
                "fields": {name: recipe.get(name) for name in TOLD}}  # fmt: skip
        told["interval"] = _interval(event)
        scores = {"valid_accuracy": event.accuracy, "seconds": event.seconds}
        told["model"] = add_candidate(self.store, self.record, event.number, run, recipe, scores)
        earlier = [one for one in self.found["candidates"] if one["number"] != event.number]
        self.found["candidates"] = [*earlier, told]
        self._stand(told)
        self.write()

    def _stand(self, latest: dict[str, Any]) -> None:
        """Note who leads, what the leader is worth, and who cannot be told from it."""
        from glasshouse.data.dataset import open_dataset
        from glasshouse.search.folder import SearchFolder
        from glasshouse.search.standing import standing

        data = open_dataset(from_runs(get_dataset(self.store, str(self.record.dataset_id)).folder))
        folder = SearchFolder(Path(from_runs(search_folder(self.record.id))))
        now = standing(folder, data.splits["train"].groups, int(self.job.arguments.get("seed") or 0))
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
        adopt_run(self.store, self.record, run, recipe)
        self.found["ended"] = reason
        self.write()
        best = self.found["best"]
        self.result = {"reason": reason, "candidates": len(self.found["candidates"]), "corrected": best["corrected"],
                       "seconds": self.seconds}  # fmt: skip

    def _ask_for_score(self) -> None:
        """Queue the judgement of the validation pictures, which chose nothing; a dataset may have none."""
        data = get_dataset(self.store, str(self.record.dataset_id))
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


def _calm() -> None:
    """Have nothing interrupt what keeps the best so far: the stop has been heard."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _interval(event: CandidateDone) -> list[float]:
    from glasshouse.evaluation.intervals import wilson

    return list(wilson(round(event.accuracy * event.pictures), event.pictures))
