"""The process that does one job: ``python -m glasshouse.jobs.child HOME JOB ATTEMPT``.

It holds ``work/JOB/lock`` while it lives, so no job is done twice at once; ATTEMPT is the start of the job that it is,
and what it writes counts only while there was no later one. SIGTERM means: keep what was done and stop; the job is then
aborted where a person wished it, and goes back into the queue otherwise.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from glasshouse.errors import GlasshouseError, StoreError
from glasshouse.jobs.collection import collect_seldom
from glasshouse.jobs.job_log import note, note_failure, note_start
from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.lease import LeaseWatch
from glasshouse.jobs.locks import take
from glasshouse.jobs.log_append import say
from glasshouse.jobs.process_start import store_of_worker
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.reasons import TAKEN, UNTOLD, code_of, failure_of, reason_of
from glasshouse.jobs.scratch import end_scratch, job_scratch
from glasshouse.jobs.space import check_space
from glasshouse.store.database import Store
from glasshouse.store.jobs import get_job
from glasshouse.store.priority import lower_priority
from glasshouse.store.queue import end, give_back, tell_process
from glasshouse.store.records import JobRecord, JobState

__all__ = ["main"]

WAIT_SECONDS = 20.0
AGAIN_SECONDS = 3.0  # after which a stop is asked for again: what is being imported may swallow an exception
TELLING_SECONDS = 30.0  # in which a database that refuses is asked again to note how the job ended


class JobStoppedError(KeyboardInterrupt):
    """SIGTERM came while nothing that can keep its work was listening to it."""


def main(home: str, job_id: str, attempt: str) -> int:
    """Do one job and return the exit code; how it ended is in the store."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _stop_again)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return _main(home, job_id, attempt)
    except JobStoppedError:  # before the work began, so there is nothing to keep
        return UNTOLD


def _main(home: str, job_id: str, attempt: str) -> int:
    lower_priority()  # so that pages stay quick on a computer that trains on its processor
    store = store_of_worker(home)
    folder = store.path(f"work/{job_id}")
    with _lock(folder) as mine:
        job = get_job(store, job_id)
        if not mine or job.state is not JobState.RUNNING or job.attempt != int(attempt):
            return TAKEN
        if not tell_process(store, job_id, os.getpid(), psutil.Process().create_time(), job.attempt):
            return TAKEN  # the next worker gave it back between the two lines
        os.chdir(store.path("runs"))
        lifeline = LeaseWatch(store, job, folder / "lock")
        lifeline.start()
        scratch = job_scratch(store, job_id)
        try:
            return _done(store, job)
        finally:
            lifeline.end()
            end_scratch(scratch)


def _done(store: Store, job: JobRecord) -> int:
    progress = ProgressWriter(store, job)
    note_start(job)
    try:
        check_space(store, job)
        result = WORK[job.kind](store, job, progress)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        progress.complete()
        note("done")
        told = _insist(lambda: end(store, job.id, JobState.DONE, result=result, attempt=job.attempt))
        return 0 if told else UNTOLD
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note("stopped")
        progress.write()
        return 0 if _insist(lambda: give_back(store, job.id, job.attempt)) else UNTOLD
    except Exception as error:  # noqa: BLE001 (whatever it is, the job must say so)
        detail = traceback.format_exc()
        note_failure(reason_of(error), detail)
        failed = {"reason": reason_of(error), "failure": failure_of(error), "detail": detail, "attempt": job.attempt}
        told = _insist(lambda: end(store, job.id, JobState.FAILED, **failed))  # type: ignore[arg-type]
        return code_of(error) or (0 if isinstance(error, GlasshouseError) and told else 1)


def _insist(tell: Callable[[], bool]) -> bool:
    """Tell the database how the job ended; if it refuses (a full disk, a restart), ask again for a while.

    Returns False if it refused for long: the worker then judges by the exit code.
    """
    deadline = time.monotonic() + TELLING_SECONDS
    while True:
        try:
            tell()
        except StoreError as error:
            if time.monotonic() > deadline:
                say(f"{error}\n")
                return False
            time.sleep(1.0)
        else:
            return True


def _stop(number: int, frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    raise JobStoppedError


def _stop_again(number: int, frame: FrameType | None) -> None:
    """Ask again by SIGTERM, so that whoever listens to that by now hears it: the loop of a training, or nobody."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold the job for this process; say whether it was free."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    """Take the lock; a process before this one that is just ending is waited for."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not take(file):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


if __name__ == "__main__":
    collect_seldom()
    sys.exit(main(*sys.argv[1:4]))
