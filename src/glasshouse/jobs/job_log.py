"""A job's log: a line for each event that a person would want to read later, with the time of day in UTC."""

import os
import time

from glasshouse.events import CheckpointSaved, DatasetReady, EpochDone, Event, Notice, Progress, RunFinished, RunStarted
from glasshouse.jobs.log_append import say
from glasshouse.store.records import JobRecord

__all__ = ["JobLog", "note", "note_failure", "note_start"]


def note(text: str) -> None:
    """Write a line into the log of this process."""
    say(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} {text}\n")


def note_start(job: JobRecord) -> None:
    """Write down that this process begins a job, or goes on with it."""
    note(f"start {job.attempt} of the job {job.id} ({job.kind.value}), process {os.getpid()}")


def note_failure(reason: str, detail: str) -> None:
    """Write down why a job failed, with the traceback."""
    note(f"failed: {reason}\n{detail}")


class JobLog:
    """Writes what it hears; of progress only where another stage begins, of steps nothing."""

    def __init__(self) -> None:
        self._stage = ""

    def hear(self, event: Event) -> None:
        """Write the line of an event, if it has one."""
        if isinstance(event, Progress):
            if event.stage != self._stage:
                note(f"{event.stage}: {event.total:,} to do")
            self._stage = event.stage
        elif text := line_of(event):
            note(text)


def line_of(event: Event) -> str:
    """Return an event as a line of the log, or nothing."""
    if isinstance(event, RunStarted):
        begin = f"goes on after step {event.resumed_step:,}" if event.resumed_step else "begins"
        return (
            f"{event.network} on {event.device} {begin}: {event.parameters:,} weights ({event.trainable:,} trained), "
            f"{event.epochs:,} epochs of {event.steps_per_epoch:,} steps"
        )
    if isinstance(event, EpochDone):
        return _epoch(event)
    if isinstance(event, CheckpointSaved):
        return f"kept {event.path} (step {event.step:,})"
    if isinstance(event, Notice):
        return f"{event.kind}: {event.message}"
    if isinstance(event, DatasetReady):
        return f"the dataset is ready, fingerprint {event.fingerprint[:12]}"
    if isinstance(event, RunFinished):
        took = f"{event.epochs:,} epochs, {event.seconds:.1f} s"
        return f"the training ended ({event.reason}) after {took}; the best epoch is {event.best_epoch}"
    return ""


def _epoch(event: EpochDone) -> str:
    parts = [f"training loss {event.train_loss:.4f}"]
    if event.train_accuracy is not None:
        parts.append(f"training accuracy {event.train_accuracy:.4f}")
    if event.valid_loss is not None:
        parts.append(f"validation loss {event.valid_loss:.4f}")
    if event.valid_accuracy is not None:
        parts.append(f"accuracy {event.valid_accuracy:.4f}")
    parts += [f"rate {event.lr:.3g}", f"{event.seconds:.1f} s"]
    return f"epoch {event.epoch}: {', '.join(parts)}{', the best so far' if event.best else ''}"
