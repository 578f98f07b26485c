"""A home whose computer has another name now, as a container at each start: what nobody does goes on at once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import update
from studio_process import Home, waited

import glasshouse.jobs.locks as locks
from glasshouse.jobs.local import adopt, job_lock
from glasshouse.jobs.locks import is_held, take
from glasshouse.jobs.shutdown import only_worker, worker_lock
from glasshouse.jobs.slots import slots
from glasshouse.jobs.worker import Worker
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job, get_job
from glasshouse.store.queue import claim, end, tell_process
from glasshouse.store.records import JobKind, JobRecord, JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import jobs
from glasshouse.store.workers import LEASE, check_in, list_workers

HOLDER = (
    "import fcntl, sys, time; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX);"
    "print('held', flush=True); time.sleep(600)"
)
LONG = {"network": "Dense128", "epochs": 20_000, "batch_size": 8}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def job(own: Store) -> JobRecord:
    """A job that runs under the name that the computer had before."""
    with own.write() as connection:
        add_job(connection, NewJob(JobKind.EVALUATE, "e"))
    check_in(own, "before", "1", [])
    taken = claim(own, (JobKind.EVALUATE,), "before", "answer:0")
    assert taken is not None
    job_lock(own, taken.id).parent.mkdir()
    return taken


@pytest.fixture
def holder(own: Store, job: JobRecord) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the job's lock, as its own does."""
    words = [sys.executable, "-S", "-c", HOLDER, str(job_lock(own, job.id))]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    tell_process(own, job.id, process.pid, psutil.Process(process.pid).create_time())
    yield process
    process.kill()
    process.communicate()


def after(store: Store) -> Worker:
    """Take over as the worker of the same computer under its new name, and return it."""
    worker = Worker(store, lambda: slots(devices=()), "after")
    worker.take_over()
    return worker


def state(store: Store, job: JobRecord) -> tuple[JobState, str | None]:
    now = get_job(store, job.id)
    return now.state, now.host


def test_a_lock_tells_whether_its_process_lives(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert is_held(path) is False, "it is not there"
    with path.open("a") as file, path.open("a") as other:
        assert is_held(path) is False
        assert take(file) and not take(other)
        assert is_held(path) is True
    assert is_held(path) is False


def test_a_job_that_nobody_holds_is_queued_at_once(own: Store, job: JobRecord) -> None:
    after(own)
    assert state(own, job)[0] is JobState.QUEUED
    assert get_job(own, job.id).losses == 1


def test_a_job_whose_worker_lives_is_left_to_it(own: Store, job: JobRecord) -> None:
    with only_worker(own, "before"):
        after(own)
        assert state(own, job) == (JobState.RUNNING, "before")
        assert [worker.host for worker in list_workers(own)] == ["before"]
    after(own)
    assert state(own, job)[0] is JobState.QUEUED
    assert list_workers(own) == [], "who is gone is listed no longer"


def test_a_process_that_lives_is_adopted_under_the_new_name(
    own: Store, job: JobRecord, holder: "subprocess.Popen[str]"
) -> None:
    with only_worker(own, "before"):
        assert after(own).running == {}, "it has its worker"
        assert state(own, job) == (JobState.RUNNING, "before")
    worker = after(own)
    assert state(own, job) == (JobState.RUNNING, "after")
    assert worker.running[job.id].process.pid == holder.pid
    holder.kill()
    holder.wait()
    worker._collect()
    assert state(own, job)[0] is JobState.QUEUED


def test_a_process_that_cannot_be_seen_and_holds_the_job_is_left_alone(
    own: Store, job: JobRecord, holder: "subprocess.Popen[str]"
) -> None:
    tell_process(own, job.id, 999_999_999, 1.0)  # as that of a container beside this one
    after(own)
    assert state(own, job) == (JobState.RUNNING, "before")


def test_a_process_of_the_home_that_was_copied_is_not_adopted(
    own: Store, job: JobRecord, holder: "subprocess.Popen[str]"
) -> None:
    path = job_lock(own, job.id)
    path.rename(path.with_name("the-original"))
    path.touch()
    assert adopt(own, get_job(own, job.id)) is None
    after(own)
    assert state(own, job)[0] is JobState.QUEUED
    assert holder.poll() is None


def _without_locks(patch: pytest.MonkeyPatch) -> None:
    def knows_none(file: object, how: int) -> None:
        raise OSError(38, "Function not implemented")

    patch.setattr(locks.fcntl, "flock", knows_none)


def _on_postgresql(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "shared", True)


@pytest.mark.parametrize("where", [_without_locks, _on_postgresql])
def test_where_locks_tell_nothing_the_lease_does(
    own: Store, job: JobRecord, monkeypatch: pytest.MonkeyPatch, where: Callable[[pytest.MonkeyPatch], None]
) -> None:
    worker_lock(own, "before").touch()
    job_lock(own, job.id).touch()
    where(monkeypatch)
    after(own)
    assert state(own, job) == (JobState.RUNNING, "before")
    with own.write() as connection:
        connection.execute(update(jobs).values(heartbeat=jobs.c.heartbeat - LEASE - 1))
    after(own)
    assert state(own, job)[0] is JobState.QUEUED


@pytest.fixture
def host(tmp_path: Path, pictures: Path) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Start the worker of a home under a name."""
    home = Home(tmp_path / "home", pictures)
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "glasshouse.jobs.worker", str(home.place), "--host", name]
        started.append(subprocess.Popen(words, env={**os.environ, "GLASSHOUSE_FOLDERS": str(pictures)}))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()
    home.close()


@pytest.mark.slow
def test_a_container_that_starts_anew_goes_on_within_seconds(
    own: Store, pictures: Path, host: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    own.folders = (pictures,)
    data = submit_dataset(own, NewDataset("pets", {"source": str(pictures), "width": 16, "height": 16}))
    (model,) = submit_models(own, NewModel("m", data.id, LONG))

    def now() -> JobRecord:
        return get_job(own, model.job_id)

    first = host("a")
    waited(lambda: now().done > 20, "it trains")
    before = now()
    first.kill()
    first.wait()
    second = host("b")  # its process lived on: the computer got another name
    waited(lambda: now().host == "b", "the worker of the new name adopts it", 30)
    assert (now().pid, now().attempt) == (before.pid, 1)

    second.kill()
    second.wait()
    assert before.pid is not None
    psutil.Process(before.pid).kill()  # the container is gone, with all that was in it
    begin = time.monotonic()
    host("c")
    waited(lambda: now().host == "c" and now().attempt == 2, "the job is taken at once", LEASE / 2)
    waited(lambda: now().stage == "training" and now().done > before.done, "it goes on from its checkpoint")
    assert time.monotonic() - begin < LEASE
    end(own, model.job_id, JobState.ABORTED)
