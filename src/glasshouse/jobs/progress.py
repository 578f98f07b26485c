"""From events to the store: how far a job is, a few times a second at most."""

import time
from dataclasses import asdict
from typing import Any

from glasshouse.errors import StoreError
from glasshouse.events import CheckpointSaved, EpochDone, Event, Notice, Progress, RunFinished, RunStarted, StepDone
from glasshouse.jobs.course import UNITS, Course
from glasshouse.jobs.job_log import JobLog, note
from glasshouse.jobs.lease import vanish
from glasshouse.jobs.log_append import say
from glasshouse.messages import Message, with_parts
from glasshouse.store.database import Store
from glasshouse.store.models import note_scores
from glasshouse.store.queue import tell
from glasshouse.store.records import JobKind, JobRecord

__all__ = ["ProgressWriter"]

SECONDS_BETWEEN = 0.4
NOTICES = 200
WHOLE = (JobKind.DATASET, JobKind.TRAIN, JobKind.SEARCH)  # their bar is that of the whole job


class ProgressWriter:
    """Writes the progress of one job into its row."""

    def __init__(self, store: Store, job: JobRecord) -> None:
        self.store = store
        self.job = job
        self._notices: list[dict[str, Any]] = []
        self._waiting: dict[str, Any] = {}
        self._scores: dict[str, Any] = {}
        self._course = Course()
        self._last = 0.0
        self._diary = JobLog()

    def hear(self, event: Event) -> None:
        """Take one event; what is new is written soon."""
        self._diary.hear(event)
        self._course.hear(event)
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Notice) and len(self._notices) < NOTICES:
            self._notices.append(with_parts({"kind": event.kind, "message": event.message}))
            self._waiting["notices"] = self._notices
        elif isinstance(event, RunStarted):
            self._begin(event)
        elif isinstance(event, StepDone):
            self._waiting |= {"stage": "training", **self._far(), "remaining": event.remaining}
        elif isinstance(event, CheckpointSaved):
            self._waiting["losses"] = 0
        elif isinstance(event, EpochDone):
            self._epoch(event)
        elif isinstance(event, RunFinished):
            self._scores |= {"best_epoch": event.best_epoch, "seconds": event.seconds, "end": event.reason}
        if time.monotonic() - self._last > SECONDS_BETWEEN:
            self.write()

    def stage(self, name: str) -> None:
        """Begin a stage whose length is not known; how far the job is stays as it was."""
        note(name)
        self._waiting |= {"stage": name, "remaining": None}
        self.write()

    def course(self, stage: str, fraction: float, remaining: float | None) -> None:
        """Tell how far a job is whose length is known otherwise than by its events, such as a search's."""
        self._waiting |= {"stage": stage, "done": int(UNITS * min(1.0, fraction)), "total": UNITS}
        self._waiting["remaining"] = remaining
        if time.monotonic() - self._last > SECONDS_BETWEEN:
            self.write()

    def note(self, event: Event) -> None:
        """Write the line of an event into the log of the job, and change nothing else."""
        self._diary.hear(event)

    def complete(self) -> None:
        """Tell that all is done."""
        if self.job.kind in WHOLE:
            self._waiting |= {"done": UNITS, "total": UNITS, "remaining": None}
        self.write()

    def write(self) -> None:
        """Write what is waiting; if the database refuses, it waits on: the work is worth more."""
        self._last = time.monotonic()
        try:
            if self._waiting:
                self._tell()
            if self._scores and self.job.model_id is not None:
                note_scores(self.store, self.job.model_id, self._scores)
                self._scores = {}
        except StoreError as error:
            say(f"{error}\n")

    def _tell(self) -> None:
        if not tell(self.store, self.job.id, self._waiting, self.job.attempt):
            vanish(Message("the job was given to another process, or was deleted"))
        self._waiting = {}

    def _progress(self, event: Progress) -> None:
        """Pictures are counted where the job has one phase; else the bar is that of the whole job."""
        whole = self.job.kind in WHOLE
        self._waiting |= {"stage": event.stage}
        self._waiting |= self._far() if whole else {"done": event.done, "total": event.total}
        if not (self._course.training and event.stage == "validating"):  # the training's own time left goes on
            self._waiting["remaining"] = event.remaining

    def _far(self) -> dict[str, int]:
        """How much of the whole job is done, over all its phases."""
        return {"done": int(UNITS * (self._course.fraction or 0.0)), "total": UNITS}

    def _begin(self, event: RunStarted) -> None:
        """A run begins or goes on: its points start anew, so their version changes."""
        self._waiting |= {"stage": "training", **self._far()}
        self._waiting["version"] = self.job.attempt
        facts = asdict(event)
        self._scores |= {name: facts[name] for name in ("epochs", "device", "parameters", "trainable")}

    def _epoch(self, event: EpochDone) -> None:
        facts = asdict(event)
        self._scores |= {name: facts[name] for name in ("epoch", "train_loss", "valid_loss", "valid_accuracy")}
        if event.best:
            self._scores |= {"best_epoch": event.epoch, "best_loss": event.valid_loss,
                             "best_accuracy": event.valid_accuracy}  # fmt: skip
