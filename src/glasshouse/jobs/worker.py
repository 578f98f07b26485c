"""The worker of the Studio: ``python -m glasshouse.jobs.worker HOME``. It takes queued jobs and has them done.

One worker a home and computer. When it starts, it goes on with the jobs of the one before: processes that still live
are adopted, the others' jobs go back into the queue and are resumed. When it is asked to stop (Ctrl-C, SIGTERM), its
jobs keep their work and wait in the queue. When it is killed, or its Studio is, its jobs go on. It also takes over the
jobs of others that nobody does any more (``orphaned_jobs``).
"""

import argparse
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from glasshouse import __version__
from glasshouse.errors import ConflictError, MissingError, StoreError
from glasshouse.jobs.health import Health
from glasshouse.jobs.killed import begin_again
from glasshouse.jobs.local import Local, adopt, start
from glasshouse.jobs.machine import Meter
from glasshouse.jobs.predictor_process import PredictorProcess
from glasshouse.jobs.process_start import store_of_worker
from glasshouse.jobs.reasons import GPU_FAILED, TAKEN, UNTOLD, failure_of_exit, reason_of_exit
from glasshouse.jobs.shutdown import BUSY, GONE, OUTDATED, Leave, only_worker, reason_to_leave
from glasshouse.jobs.slots import Slot, gpus, slots
from glasshouse.jobs.takeover import forget_gone, orphaned_jobs
from glasshouse.messages import Message
from glasshouse.store.choices import get_choices
from glasshouse.store.database import Store
from glasshouse.store.jobs import get_job
from glasshouse.store.queue import beat, claim, end, give_back, running_on, settle_dependants, tell, tell_process
from glasshouse.store.records import Failure, JobKind, JobRecord, JobState
from glasshouse.store.workers import check_in, check_out

__all__ = ["Worker", "main"]

PAUSE = 0.2  # seconds between two looks at the queue
BEAT = 5.0  # seconds between two signs of life
PATIENCE = 60.0  # seconds that a stopped job has to keep its work
LEAVING = 8.0  # seconds in which the worker of a Studio that was killed is gone, its predictor with it
HEARING = (JobKind.SEARCH,)  # which see to it themselves that they are aborted, and end in order
LOSSES = 5  # times that the process of a job may vanish before it kept anything


@dataclass
class Running:
    """A job that is being done: where, by which process, and the number of this start of it."""

    place: Slot
    process: Local
    attempt: int
    stopped: float | None = None


class Worker:
    """Looks at the queue in ``run`` until ``stop`` was called; ``plan`` gives the slots, and is asked now and then."""

    def __init__(
        self, store: Store, plan: Callable[[], list[Slot]], host: str | None = None, health: Health | None = None
    ) -> None:
        self.store = store
        self.plan = plan
        self.places = plan()
        self.host = host or socket.gethostname()
        self.health = health or Health()
        self.running: dict[str, Running] = {}
        self.resident = PredictorProcess(store)
        self.meter = Meter(store)
        self._asked = False
        self._beaten = 0.0

    def stop(self) -> None:
        """Have ``run`` put its jobs aside and return."""
        self._asked = True

    def run(self, leave: Leave | None = None) -> int:
        """Work until asked to stop; if ``leave`` gives a code, leave the jobs running and return that code."""
        said = ""  # a trouble that lasts is said once
        while not self._asked:
            try:
                if leave is not None and (code := leave()) is not None:
                    self.resident.end()
                    self.health.end()
                    return code
                self.look()
                said = ""
            except StoreError as error:  # such as a database server that restarts
                if said != str(error):
                    sys.stderr.write(f"worker: {error}\n")
                said = str(error)
                time.sleep(2.0)
            time.sleep(PAUSE)
        self.put_aside()
        return 0

    def look(self) -> None:
        """Do once all that there is to do."""
        self._collect()
        self._obey()
        if time.monotonic() - self._beaten > BEAT or not self._beaten:
            self._tend()
        settle_dependants(self.store)
        for place in self._free():
            job = claim(self.store, place.kinds, self.host, place.name, self.running.keys())
            if job is not None:
                self._begin(place, job)
        self.health.look()
        self.resident.look()
        self.meter.look({job_id: one.process.pid for job_id, one in self.running.items()})

    def take_over(self) -> None:
        """Go on with the jobs that an earlier worker of this computer had running, and with those that have nobody."""
        mine = [(job, adopt(self.store, job)) for job in running_on(self.store, self.host)]
        for job, process in (*mine, *orphaned_jobs(self.store, self.host)):
            if job.id in self.running:
                continue
            if process is None:
                self._lost(job.id, job.attempt, job.losses)
            elif job.host == self.host or tell(self.store, job.id, {"host": self.host}, job.attempt):
                self.running[job.id] = Running(self._place(job), process, job.attempt)
        forget_gone(self.store, self.host)

    def put_aside(self) -> None:
        """Stop all jobs; each keeps its work and goes back into the queue."""
        self.resident.end()
        self.health.end()
        for one in self.running.values():
            one.process.stop()
        deadline = time.monotonic() + PATIENCE
        while self.running and time.monotonic() < deadline:
            self._collect(unasked=False)
            time.sleep(0.05)
        for job_id, one in self.running.items():
            one.process.kill()
            give_back(self.store, job_id, one.attempt)
        check_out(self.store, self.host)

    def _tend(self) -> None:
        """Say that this worker and its jobs live, follow changed choices, and take over what others left."""
        self.take_over()
        beat(self.store, self.running.keys(), self.host)
        self.places = self.plan()
        busy = {one.place.name: job_id for job_id, one in self.running.items()}
        told = [
            {"name": place.name, "kinds": list(map(str, place.kinds)), "gpu": place.gpu,
             "job_id": busy.get(place.name), "aside": self.health.trouble(place.gpu)}
            for place in self.places
        ]  # fmt: skip
        check_in(self.store, self.host, __version__, told)
        self._beaten = time.monotonic()

    def _begin(self, place: Slot, job: JobRecord) -> None:
        try:
            process = start(self.store, job, place.gpu)
        except OSError as error:
            reason = Message("Its process could not be started: {error}. Resume it.", error=error)
            self._fail(job.id, job.attempt, reason, Failure.OTHER)
            return
        self.running[job.id] = Running(place, process, job.attempt)
        tell_process(self.store, job.id, process.pid, process.born, job.attempt)

    def _collect(self, *, unasked: bool = True) -> None:
        """Take note of processes that ended; what the database refuses to note now is noted at the next look."""
        for job_id, one in list(self.running.items()):
            if one.process.ended():
                self._settle(job_id, one, unasked)
                del self.running[job_id]

    def _settle(self, job_id: str, one: Running, unasked: bool) -> None:
        """See that a job whose process ended has an end: one that did not say how it ended failed, or was stopped."""
        try:
            job = get_job(self.store, job_id)
        except MissingError:
            return
        code = one.process.code
        if one.place.gpu is not None and job.attempt == one.attempt:
            self._judge(one.place.gpu, job, code)
        if job.state is not JobState.RUNNING or job.attempt != one.attempt:
            return
        if job.wish == "abort" or code in (TAKEN, UNTOLD) or not unasked:
            give_back(self.store, job_id, one.attempt)
        elif code in (None, -signal.SIGTERM):  # asked to stop, by a computer that shuts down, before it could listen
            self._lost(job_id, one.attempt, job.losses)
        elif code is not None and code < 0 and code != -signal.SIGBUS:
            self._killed(job_id, one)
        else:
            self._fail(job_id, one.attempt, reason_of_exit(code), failure_of_exit(code))

    def _killed(self, job_id: str, one: Running) -> None:
        """Begin a job again whose process a signal ended: once, and not where the memory ran out."""
        killed = one.process.killed()
        if begin_again(self.store, job_id, killed):
            give_back(self.store, job_id, one.attempt)
        else:
            self._fail(job_id, one.attempt, killed.reason(), killed.failure)

    def _fail(self, job_id: str, attempt: int, reason: str, failure: Failure) -> None:
        end(self.store, job_id, JobState.FAILED, reason=reason, failure=failure, attempt=attempt)

    def _judge(self, gpu: str, job: JobRecord, code: int | None) -> None:
        reason = job.reason or reason_of_exit(code)
        if code == GPU_FAILED or (job.state is JobState.FAILED and job.failure == Failure.GPU):
            self.health.failed(gpu, reason)
        elif job.state is JobState.DONE:
            self.health.worked(gpu)

    def _lost(self, job_id: str, attempt: int, losses: int) -> None:
        """Queue a job whose process is gone, nobody knows how; not for ever, where it never comes to keep anything."""
        if losses + 1 >= LOSSES:
            self._fail(job_id, attempt, reason_of_exit(None), failure_of_exit(None))
        else:
            give_back(self.store, job_id, attempt, lost=True)

    def _obey(self) -> None:
        """Stop the jobs that a person aborts; kill those that do not listen."""
        for job_id, one in self.running.items():
            if one.stopped is not None:
                if time.monotonic() - one.stopped > PATIENCE:
                    one.process.kill()
            elif (job := get_job(self.store, job_id)).wish == "abort" and job.kind not in HEARING:
                one.stopped = time.monotonic()
                one.process.stop()

    def _free(self) -> list[Slot]:
        taken = {one.place.name for one in self.running.values()}
        return [place for place in self.places if place.name not in taken and not self.health.trouble(place.gpu)]

    def _place(self, job: JobRecord) -> Slot:
        return next((place for place in self.places if place.name == job.slot), Slot(job.slot or "adopted", ()))


def main(words: Sequence[str] | None = None) -> int:
    """Work on the home named on the command line until a signal asks to stop."""
    parser = argparse.ArgumentParser(prog="python -m glasshouse.jobs.worker", description=__doc__)
    parser.add_argument("home")
    parser.add_argument("--trainings", type=int, default=None, help="trainings at once, whatever the settings say")
    parser.add_argument("--parent", type=int, default=None, help="end when this process is gone")
    parser.add_argument("--host", default=socket.gethostname(), help="what this computer is called in the database")
    given = parser.parse_args(words)
    if not Path(given.home).is_dir():
        sys.stderr.write(f"There is no Studio at {given.home}: it was moved or deleted. Start it where it is now.\n")
        return GONE
    try:
        store = store_of_worker(given.home)
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return OUTDATED if "later Glasshouse" in str(error) else 1
    devices = gpus()

    def plan() -> list[Slot]:
        choices = get_choices(store)
        return slots(choices.model_copy(update={"trainings": given.trainings or choices.trainings}), devices)

    worker = Worker(store, plan, given.host)

    def ask(number: int, frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    try:
        with only_worker(store, given.host, LEAVING) as lock:
            return worker.run(reason_to_leave(store, given.parent, lock))
    except ConflictError as error:
        sys.stderr.write(f"{error}\n")
        return BUSY


if __name__ == "__main__":
    sys.exit(main())
