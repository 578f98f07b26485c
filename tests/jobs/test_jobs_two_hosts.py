"""Two computers on one PostgreSQL database: one takes the jobs of the other over when it falls silent, never both."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import update
from studio_process import waited

import glasshouse.store.queue as queue
from glasshouse.jobs.local import is_alive
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job, get_job
from glasshouse.store.queue import claim, end
from glasshouse.store.records import JobKind, JobRecord, JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import jobs
from glasshouse.store.workers import LEASE, hold, lapsed, list_workers
from postgresql import postgresql

pytestmark = pytest.mark.system
RECIPE = {"network": "Dense128", "epochs": 2_000, "batch_size": 8}
Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture
def shared(url: str, tmp_path: Path, pictures: Path) -> Iterator[Store]:
    opened = open_store(tmp_path, url, (pictures,))
    yield opened
    opened.close()


@pytest.fixture
def host(shared: Store, url: str) -> Iterator[Start]:
    """Start a worker that says that it is another computer."""
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "glasshouse.jobs.worker", str(shared.home), "--host", name]
        started.append(subprocess.Popen(words, env={**os.environ, "GLASSHOUSE_DATABASE": url}))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()
    for process in psutil.process_iter():
        try:
            if str(shared.home) in process.cmdline():
                process.kill()
        except psutil.Error:
            continue


def age(store: Store, job_id: str) -> None:
    """Let the lease of a job be over."""
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(heartbeat=jobs.c.heartbeat - LEASE - 1))


def test_leases_go_by_the_clock_of_the_database(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with shared.write() as connection:
        add_job(connection, NewJob(JobKind.EVALUATE, "e"))
    monkeypatch.setattr(queue.time, "time", lambda: 1e9)  # this computer's clock is decades late
    job = claim(shared, (JobKind.EVALUATE,), "late", "answer:0")
    assert job is not None and job.started_at == 1e9
    assert job.heartbeat is not None and job.heartbeat > 1.7e9
    assert hold(shared, job) is not None
    assert lapsed(shared, "other") == [], "nobody takes it over because of that"
    age(shared, job.id)
    assert [row.id for row in lapsed(shared, "other")] == [job.id]
    end(shared, job.id, JobState.DONE)


def test_a_silent_computer_loses_its_job_and_gives_it_up_when_it_comes_back(
    shared: Store, host: Start, pictures: Path
) -> None:
    data = submit_dataset(shared, NewDataset("pets", {"source": str(pictures), "width": 16, "height": 16}))
    (model,) = submit_models(shared, NewModel("m", data.id, RECIPE))

    def job() -> JobRecord:
        return get_job(shared, model.job_id)

    first = host("a")
    waited(lambda: job().done > 20, "the first computer trains")
    before = job()
    assert (before.host, before.attempt) == ("a", 1) and before.pid is not None and before.born is not None
    os.kill(before.pid, signal.SIGSTOP)  # it falls silent, with all that it has in its hands
    first.kill()
    first.wait()
    age(shared, model.job_id)
    host("b")
    waited(lambda: job().host == "b", "the second takes the job over")
    assert job().attempt == 2
    time.sleep(0.5)
    assert job().done == 0, "it waits for the files that the first one holds"
    os.kill(before.pid, signal.SIGCONT)
    waited(lambda: not is_alive(before.pid or 0, before.born or 0), "the first one gives up")
    waited(lambda: job().stage == "training" and job().done > 0, "the second goes on")
    after = job()
    assert (after.state, after.host) == (JobState.RUNNING, "b")
    assert {worker.host for worker in list_workers(shared)} == {"a", "b"}
    text = (shared.path(f"work/{model.job_id}") / "log.txt").read_text()
    assert "given to another process" in text
