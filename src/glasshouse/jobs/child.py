"""The process that does one job: ``python -m glasshouse.jobs.child HOME JOB``.

It holds ``work/JOB/lock`` while it lives, so no job is done twice at once. SIGTERM means: keep what was done and stop;
the job is then aborted where a person wished it, and goes back into the queue otherwise.
"""

import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from glasshouse.errors import GlasshouseError
from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.reasons import reason_of
from glasshouse.jobs.telling import Teller
from glasshouse.jobs.wiring import store_of_worker
from glasshouse.store.database import Store
from glasshouse.store.jobs import get_job
from glasshouse.store.queue import end, give_back, tell_process
from glasshouse.store.records import JobRecord, JobState
from glasshouse.store.uploads import check_disk

__all__ = ["TAKEN", "main"]

NICE = 5  # so that pages stay quick on a computer that trains on its processor
WAIT_SECONDS = 20.0
TAKEN = 75  # the exit code of a process that found the job in other hands


class JobStoppedError(KeyboardInterrupt):
    """SIGTERM came while nothing that can keep its work was listening to it."""


def main(home: str, job_id: str) -> int:
    """Do one job and return the exit code; how it ended stands in the store."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    store = store_of_worker(home)
    with _lock(store.path(f"work/{job_id}")) as mine:
        job = get_job(store, job_id)
        if not mine or job.state is not JobState.RUNNING:
            return TAKEN
        tell_process(store, job_id, os.getpid(), psutil.Process().create_time())
        os.chdir(store.path("runs"))
        return _done(store, job)


def _done(store: Store, job: JobRecord) -> int:
    teller = Teller(store, job)
    try:
        check_disk(store.home, 0)
        result = WORK[job.kind](store, job, teller)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        teller.write()
        end(store, job.id, JobState.DONE, result=result)
    except KeyboardInterrupt:
        teller.write()
        _put_aside(store, job)
    except Exception as error:  # noqa: BLE001 (whatever it is, the job must say so)
        detail = traceback.format_exc()
        sys.stderr.write(detail)
        teller.write()
        end(store, job.id, JobState.FAILED, reason=reason_of(error), detail=detail)
        return 0 if isinstance(error, GlasshouseError) else 1
    return 0


def _put_aside(store: Store, job: JobRecord) -> None:
    if get_job(store, job.id).wish == "abort":
        end(store, job.id, JobState.ABORTED, reason="aborted on request; what was done is kept")
    else:
        give_back(store, job.id)


def _stop(number: int, frame: FrameType | None) -> None:
    raise JobStoppedError


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold the job for this process; tell whether it was free."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    """Take the lock; a process before this one that is just ending is waited for."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        else:
            return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
