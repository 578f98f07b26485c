"""The worker of the Studio: ``python -m glasshouse.jobs.worker HOME``. It takes queued jobs and has them done.

One worker a home and computer. When it starts, it goes on with the jobs of the one before: processes that still live
are adopted, the others' jobs go back into the queue and are resumed. When it is asked to stop (Ctrl-C, SIGTERM), its
jobs keep their work and wait in the queue. When it is killed, or its Studio is, its jobs go on.
"""

import argparse
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from glasshouse.errors import ConflictError, StoreError
from glasshouse.jobs.local import Local, adopt, start
from glasshouse.jobs.reasons import reason_of_exit
from glasshouse.jobs.resident import Resident
from glasshouse.jobs.slots import Slot, slots
from glasshouse.jobs.wiring import store_of_worker
from glasshouse.store.database import Store
from glasshouse.store.jobs import get_job
from glasshouse.store.queue import beat, claim, end, give_back, running_on, settle_dependants, tell_process
from glasshouse.store.records import JobRecord, JobState

__all__ = ["Worker", "main"]

PAUSE = 0.2  # seconds between two looks at the queue
BEAT = 5.0
PATIENCE = 60.0  # seconds that a stopped job has to keep its work
ATTEMPTS = 5  # starts of a job that dies without anybody looking


class Worker:
    """Looks at the queue in ``run`` until ``stop`` was called."""

    def __init__(self, store: Store, places: Sequence[Slot], host: str | None = None) -> None:
        self.store = store
        self.places = list(places)
        self.host = host or socket.gethostname()
        self.running: dict[str, tuple[Slot, Local]] = {}
        self.stopping: dict[str, float] = {}
        self.resident = Resident(store)
        self._asked = False
        self._beaten = 0.0

    def stop(self) -> None:
        """Have ``run`` put its jobs aside and return."""
        self._asked = True

    def run(self, parent: int | None = None) -> None:
        """Work until asked to stop; where ``parent`` is gone, leave the jobs running and return."""
        self.take_over()
        while not self._asked:
            if parent is not None and os.getppid() != parent:
                self.resident.end()
                return
            try:
                self.look()
            except StoreError as error:  # such as a database server that restarts
                sys.stderr.write(f"worker: {error}\n")
                time.sleep(2.0)
            time.sleep(PAUSE)
        self.put_aside()

    def take_over(self) -> None:
        """Go on with the jobs that an earlier worker of this computer had running."""
        for job in running_on(self.store, self.host):
            process = adopt(job)
            if process is not None:
                self.running[job.id] = (self._place(job), process)
            elif job.wish == "abort":
                end(self.store, job.id, JobState.ABORTED, reason="aborted on request")
            elif job.attempt >= ATTEMPTS:
                end(self.store, job.id, JobState.FAILED, reason=reason_of_exit(None))
            else:
                give_back(self.store, job.id)

    def look(self) -> None:
        """Do once all that there is to do."""
        self._collect()
        self._obey()
        settle_dependants(self.store)
        for place in self._free():
            job = claim(self.store, place.kinds, self.host, place.name, self.running.keys())
            if job is not None:
                self._begin(place, job)
        self.resident.look()
        if self.running and time.monotonic() - self._beaten > BEAT:
            self._beaten = time.monotonic()
            beat(self.store, list(self.running))

    def put_aside(self) -> None:
        """Stop all jobs; each keeps its work and goes back into the queue."""
        self.resident.end()
        for _, process in self.running.values():
            process.stop()
        deadline = time.monotonic() + PATIENCE
        while self.running and time.monotonic() < deadline:
            self._collect(unasked=False)
            time.sleep(0.05)
        for job_id, (_, process) in self.running.items():
            process.kill()
            give_back(self.store, job_id)

    def _begin(self, place: Slot, job: JobRecord) -> None:
        try:
            process = start(self.store, job, place.gpu)
        except OSError as error:
            end(self.store, job.id, JobState.FAILED, reason=f"Its process could not be started: {error}")
            return
        self.running[job.id] = (place, process)
        tell_process(self.store, job.id, process.pid, process.born)

    def _collect(self, *, unasked: bool = True) -> None:
        """Take note of processes that ended; a job that did not say how it ended failed, or was stopped."""
        for job_id, (_, process) in list(self.running.items()):
            if not process.ended():
                continue
            del self.running[job_id]
            self.stopping.pop(job_id, None)
            job = get_job(self.store, job_id)
            if job.state is not JobState.RUNNING:
                continue
            if job.wish == "abort":
                end(self.store, job_id, JobState.ABORTED, reason="aborted on request")
            elif unasked:
                end(self.store, job_id, JobState.FAILED, reason=reason_of_exit(process.code))
            else:
                give_back(self.store, job_id)

    def _obey(self) -> None:
        """Stop the jobs that a person aborts; kill those that do not listen."""
        for job_id, (_, process) in self.running.items():
            if job_id in self.stopping:
                if time.monotonic() - self.stopping[job_id] > PATIENCE:
                    process.kill()
            elif get_job(self.store, job_id).wish == "abort":
                self.stopping[job_id] = time.monotonic()
                process.stop()

    def _free(self) -> list[Slot]:
        taken = {place.name for place, _ in self.running.values()}
        return [place for place in self.places if place.name not in taken]

    def _place(self, job: JobRecord) -> Slot:
        return next((place for place in self.places if place.name == job.slot), Slot(job.slot or "adopted", ()))


@contextmanager
def only_worker(store: Store) -> Iterator[None]:
    """Be the one worker of the home on this computer.

    Raises:
        ConflictError: there is one already.
    """
    with (store.home / f"worker-{socket.gethostname()}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConflictError(f"Another worker works on {store.home}; stop that Studio first.") from None
        yield


def main(words: Sequence[str] | None = None) -> int:
    """Work on the home named on the command line until a signal asks to stop."""
    parser = argparse.ArgumentParser(prog="python -m glasshouse.jobs.worker", description=__doc__)
    parser.add_argument("home")
    parser.add_argument("--trainings", type=int, default=None, help="trainings at once (one a GPU, one on CPU)")
    parser.add_argument("--parent", type=int, default=None, help="end when this process is gone")
    given = parser.parse_args(words)
    store = store_of_worker(given.home)
    worker = Worker(store, slots(given.trainings))

    def ask(number: int, frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    try:
        with only_worker(store):
            worker.run(given.parent)
    except ConflictError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
