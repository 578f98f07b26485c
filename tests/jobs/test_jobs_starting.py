"""A job that is stopped while its process is only beginning: it goes back into the queue, and nothing stays running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio_process import waited

import glasshouse
from glasshouse.jobs.local import is_alive, job_lock
from glasshouse.jobs.locks import is_held
from glasshouse.jobs.reasons import UNTOLD
from glasshouse.jobs.slots import slots
from glasshouse.jobs.worker import Running, Worker
from glasshouse.store.database import Store
from glasshouse.store.jobs import abort_job, get_job
from glasshouse.store.records import DatasetRecord, JobRecord, JobState
from glasshouse.store.submit import NewModel, submit_models

SHORT = {"network": "Dense128", "epochs": 1, "batch_size": 8}
SLOW_TORCH = """
import os, pathlib, time
pathlib.Path({marker!r}).write_text(str(os.getpid()))
try:
    time.sleep(300)
except KeyboardInterrupt:
    if {deaf}:
        time.sleep(300)
    raise
"""


@pytest.fixture
def host(store: Store) -> Iterator[Worker]:
    one = Worker(store, lambda: slots(devices=()), "starting")
    yield one
    one.put_aside()


@pytest.fixture
def job(store: Store, dataset: DatasetRecord) -> Iterator[JobRecord]:
    """A training that is queued."""
    (model,) = submit_models(store, NewModel("begins", dataset.id, SHORT))
    yield get_job(store, model.job_id)
    if get_job(store, model.job_id).state.live:
        abort_job(store, model.job_id)


def until(worker: Worker, holds: Callable[[], object], what: str) -> None:
    """Let the worker work until something holds."""

    def look() -> object:
        worker.look()
        return holds()

    waited(look, what, 60)


def begun(worker: Worker, job: JobRecord) -> Running:
    """Have the worker start the process of the job."""
    until(worker, lambda: job.id in worker.running, "the job is begun")
    return worker.running[job.id]


def slow_torch(patch: pytest.MonkeyPatch, folder: Path, deaf: bool) -> Path:
    """Let ``import torch`` take minutes; where it is ``deaf``, it swallows the first stop. Return what it makes."""
    package = folder / "torch" / "__init__.py"
    package.parent.mkdir()
    package.write_text(SLOW_TORCH.format(marker=str(folder / "importing"), deaf=deaf))
    sources = Path(glasshouse.__file__).parent.parent
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(sources)]))
    return folder / "importing"


def put_back(store: Store, job: JobRecord, one: Running) -> None:
    """See that the job waits, and that its process is gone with all that it held."""
    now = get_job(store, job.id)
    assert (now.state, now.pid, now.attempt, now.losses, now.reason) == (JobState.QUEUED, None, 1, 0, None)
    assert not is_alive(one.process.pid, one.process.born)
    assert is_held(job_lock(store, job.id)) is False


@pytest.mark.parametrize("deaf", [False, True], ids=["listens", "deaf"])
def test_stopped_while_torch_is_imported(
    store: Store, host: Worker, job: JobRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaf: bool
) -> None:
    with monkeypatch.context() as patch:
        importing = slow_torch(patch, tmp_path, deaf)
        one = begun(host, job)
        waited(importing.exists, "it imports torch")
        begin = time.monotonic()
        host.put_aside()
        assert time.monotonic() - begin < 30, "it was not killed because it did not hear"
    assert host.running == {}
    assert one.process.code == 0
    put_back(store, job, one)
    until(host, lambda: get_job(store, job.id).state is JobState.DONE, "the next worker does it")
    assert get_job(store, job.id).attempt == 2


def test_aborted_while_torch_is_imported(
    store: Store, host: Worker, job: JobRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = slow_torch(monkeypatch, tmp_path, deaf=False)
    one = begun(host, job)
    waited(importing.exists, "it imports torch")
    abort_job(store, job.id)
    until(host, lambda: job.id not in host.running, "it is stopped")
    now = get_job(store, job.id)
    assert (now.state, now.reason) == (JobState.ABORTED, "aborted on request; what was done is kept")
    assert not is_alive(one.process.pid, one.process.born)


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.5, 1.0, 2.0])
def test_stopped_at_any_moment_of_its_beginning(store: Store, host: Worker, job: JobRecord, seconds: float) -> None:
    one = begun(host, job)
    time.sleep(seconds)
    host.put_aside()
    assert not is_alive(one.process.pid, one.process.born)
    if get_job(store, job.id).state is not JobState.DONE:  # as a fast computer has it after two seconds
        put_back(store, job, one)


def test_the_signal_of_a_computer_that_shuts_down_comes_first(store: Store, host: Worker, job: JobRecord) -> None:
    """Everybody gets SIGTERM at once: the process that is just beginning ends by it before its worker knows."""
    one = begun(host, job)
    os.kill(one.process.pid, signal.SIGTERM)
    waited(one.process.ended, "it ends", 30)
    host._collect()
    now = get_job(store, job.id)
    assert (now.state, now.attempt, now.losses) == (JobState.QUEUED, 1, 1)


STOPPED_EARLY = """
import os, signal, sys, time
import glasshouse.jobs.child as child

def stopped(home):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):  # the system may give the signal to another thread, which is a moment later
        time.sleep(0.01)
    raise AssertionError

child.lower_priority = lambda: None
child.store_of_worker = stopped
raise SystemExit(child.main(sys.argv[1], "none", "1"))
"""


def test_a_stop_before_the_work_began_is_no_failure(store: Store) -> None:
    """In a process by itself: it sends itself the signal that ends it."""
    ended = subprocess.run([sys.executable, "-c", STOPPED_EARLY, str(store.home)], timeout=60, capture_output=True)
    assert ended.returncode == UNTOLD, ended.stderr.decode()
