"""Jobs that really fail, each in its way: the code on which pages rest, the words, what was kept, and resuming."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glasshouse.errors import DatasetError, NoRoomError, NotFiniteError, RunError
from glasshouse.jobs import local
from glasshouse.jobs.killed import Killed, memory_limit, oom_count
from glasshouse.jobs.reasons import DISK_FULL, GPU_FAILED, failure_of, failure_of_exit, reason_of
from glasshouse.jobs.worker import Worker
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.records import DatasetRecord, Failure, JobRecord, JobState
from glasshouse.store.runs import list_checkpoints
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models

Until = Callable[[Callable[[], object]], None]
FAULTY = Path(__file__).with_name("faulty_child.py")
LENET = {"network": "LeNet", "epochs": 2, "batch_size": 8}


def failed(store: Store, until: Until, data: str, **recipe: Any) -> tuple[str, JobRecord]:
    """Train with a recipe that fails; return the model and how the job ended."""
    (model,) = submit_models(store, NewModel("broken", data, {**LENET, **recipe}))
    until(lambda: not get_job(store, model.job_id).state.live)
    return model.id, get_job(store, model.job_id)


@pytest.fixture
def own(store: Store, pictures: Path, until: Until) -> DatasetRecord:
    """A dataset that a test may take away."""
    recipe = {"source": str(pictures), "width": 16, "height": 16, "color": "gray", "seed": 7}
    made = submit_dataset(store, NewDataset("Our pets", recipe))
    until(lambda: not get_dataset(store, made.id).state.live)
    return get_dataset(store, made.id)


def test_a_dataset_that_vanished_is_named_and_after_it_is_back_resume_works(
    store: Store, own: DatasetRecord, until: Until
) -> None:
    place = store.path(own.folder)
    place.rename(place.with_name("away"))
    model, job = failed(store, until, own.id, network="Dense128")
    assert (job.state, job.failure) == (JobState.FAILED, Failure.DATASET)
    assert "Our pets" in str(job.reason)
    assert "../" not in str(job.reason)
    place.with_name("away").rename(place)
    resume_job(store, job.id)
    assert get_job(store, job.id).failure is None
    until(lambda: not get_job(store, job.id).state.live)
    assert get_model(store, model).state is JobState.DONE
    shutil.rmtree(place)
    (again,) = submit_models(store, NewModel("again", own.id, {**LENET, "network": "Dense128"}))
    until(lambda: not get_job(store, again.job_id).state.live)
    assert get_job(store, again.job_id).failure == Failure.DATASET


def test_a_rate_that_is_too_high_keeps_the_checkpoint_before(
    store: Store, dataset: DatasetRecord, until: Until
) -> None:
    model, job = failed(store, until, dataset.id, epochs=50, optimizer={"name": "sgd", "lr": 1e9})
    assert job.failure == Failure.NOT_FINITE
    assert "weights were not moved" in str(job.reason)
    assert "Traceback" in str(job.detail)
    assert list_checkpoints(store, get_model(store, model))


@pytest.mark.parametrize(
    ("network", "says"),
    [("resnet18.nonet99", "no network named 'resnet18.nonet99'"), ("AlexNet", "needs pictures of at least")],
)
def test_a_network_that_is_not_there_or_does_not_fit_is_told(
    store: Store, dataset: DatasetRecord, until: Until, network: str, says: str
) -> None:
    _, job = failed(store, until, dataset.id, network=network)
    assert job.failure == Failure.NETWORK
    assert says in str(job.reason)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_process_is_begun_again_once_by_itself(
    store: Store, dataset: DatasetRecord, worker: Worker, until: Until, number: int
) -> None:
    (model,) = submit_models(store, NewModel("killed", dataset.id, {**LENET, "epochs": 60}))

    def kill(attempt: int) -> None:
        until(lambda: get_job(store, model.job_id).attempt == attempt and model.job_id in worker.running)
        until(lambda: get_job(store, model.job_id).stage == "training")
        os.kill(worker.running[model.job_id].process.pid, number)

    kill(1)
    until(lambda: get_job(store, model.job_id).attempt == 2)
    log = (store.path(f"work/{model.job_id}") / "log.txt").read_text()
    assert f"The process was ended by signal {number.value} ({number.name}); it held " in log
    kill(2)
    until(lambda: not get_job(store, model.job_id).state.live)
    job = get_job(store, model.job_id)
    assert (job.state, job.failure) == (JobState.FAILED, Failure.KILLED)
    assert "Nothing suggests a lack of memory (it held" in str(job.reason)
    resume_job(store, job.id)
    kill(3)
    until(lambda: get_job(store, model.job_id).attempt == 4)
    until(lambda: not get_job(store, job.id).state.live)
    assert get_model(store, model.id).scores["epoch"] == 60
    until(lambda: not (store.path(f"work/{job.id}") / "tmp").exists())  # the process clears it after it said its end


def test_what_waits_for_a_killed_job_waits_on(store: Store, pictures: Path, worker: Worker, until: Until) -> None:
    made = submit_dataset(store, NewDataset("killed", {"source": str(pictures), "width": 9, "height": 9}))
    (model,) = submit_models(store, NewModel("waits", made.id, {**LENET, "epochs": 1, "network": "Dense128"}))
    until(lambda: made.job_id in worker.running)
    worker.running[made.job_id].process.kill()
    until(lambda: not get_job(store, model.job_id).state.live)
    assert get_job(store, made.job_id).attempt == 2
    assert get_job(store, model.job_id).state is JobState.DONE


def test_a_process_that_held_all_memory_is_not_begun_again(
    store: Store, dataset: DatasetRecord, worker: Worker, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "memory_limit", lambda: 10**8)
    (model,) = submit_models(store, NewModel("large", dataset.id, {**LENET, "epochs": 60}))
    until(lambda: get_job(store, model.job_id).stage == "training")
    worker.running[model.job_id].process.kill()
    until(lambda: not get_job(store, model.job_id).state.live)
    job = get_job(store, model.job_id)
    assert (job.attempt, job.failure) == (1, Failure.MEMORY)
    assert "The memory probably ran out" in str(job.reason)


@pytest.mark.parametrize(
    ("killed", "failure", "says"),
    [
        (Killed(9, True, 10**9, 4 * 10**9), Failure.MEMORY, "counted it among those that it ends for lack of memory"),
        (Killed(9, None, 3_600_000_000, 4 * 10**9), Failure.MEMORY, "it held 3.6 GB of 4.0 GB"),
        (Killed(9, False, 10**9, 4 * 10**9), Failure.KILLED, "signal 9 (SIGKILL)"),
        (Killed(11), Failure.KILLED, "how much it held is not known"),
    ],
)
def test_what_is_known_of_a_killed_process_is_told(killed: Killed, failure: Failure, says: str) -> None:
    assert killed.failure is failure
    assert says in killed.reason() and killed.reason().endswith(("Resume it.", "then resume it."))


def test_the_counters_of_the_kernel_are_read_where_they_are(tmp_path: Path) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    inner = groups / "user.slice" / "studio"
    (proc / "self").mkdir(parents=True)
    inner.mkdir(parents=True)
    assert oom_count(proc, groups) is None
    (proc / "vmstat").write_text("nr_free_pages 5\noom_kill 7\n")
    assert oom_count(proc, groups) == 7
    (proc / "self" / "cgroup").write_text("0::/user.slice/studio\n")
    (inner / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    (inner / "memory.max").write_text("max\n")
    (inner.parent / "memory.max").write_text("123456\n")
    assert oom_count(proc, groups) == 2
    assert memory_limit(proc, groups) == 123456
    (proc / "self" / "cgroup").write_text("5:cpu,memory:/old\n")
    (groups / "memory" / "old").mkdir(parents=True)
    (groups / "memory" / "old" / "memory.oom_control").write_text("under_oom 0\noom_kill 4\n")
    (groups / "memory" / "old" / "memory.limit_in_bytes").write_text("99\n")
    assert (oom_count(proc, groups), memory_limit(proc, groups)) == (4, 99)


def test_memory_that_runs_out_is_told(
    store: Store, dataset: DatasetRecord, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULT", "memory")
    monkeypatch.setattr(local, "module_command", lambda name, *words: [sys.executable, str(FAULTY), *words])
    _, job = failed(store, until, dataset.id, epochs=20)
    assert job.failure == Failure.MEMORY


@pytest.mark.parametrize("source", ["empty", "unreadable"])
def test_a_source_without_usable_pictures_fails_its_dataset_and_the_model_that_waits(
    store: Store, pictures: Path, until: Until, source: str
) -> None:
    place = pictures / source
    for name in ("a", "b") if source == "unreadable" else ():
        (place / name).mkdir(parents=True)
        (place / name / "x.png").write_text("no picture")
    place.mkdir(exist_ok=True)
    try:
        made = submit_dataset(store, NewDataset(source, {"source": str(place), "width": 8, "height": 8}))
        (model,) = submit_models(store, NewModel("waits", made.id, LENET))
        until(lambda: not get_job(store, model.job_id).state.live)
    finally:
        shutil.rmtree(place)
    assert get_job(store, made.job_id).failure == Failure.SOURCE
    assert not store.path(made.folder).exists(), "nothing half-made"
    if source == "unreadable":
        assert "must open as a picture" in str(get_job(store, made.job_id).reason)
    assert get_job(store, model.job_id).failure == Failure.DEPENDENCY


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (NotFiniteError("x", 1), Failure.NOT_FINITE),
        (DatasetError("the memory of the network"), Failure.DATASET),
        (RunError("CUDA out of memory, said a person"), Failure.OTHER),
        (RuntimeError("CUDA out of memory. Tried to allocate"), Failure.MEMORY),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), Failure.GPU),
        (NoRoomError("x"), Failure.DISK),
        (OSError(28, "No space left on device"), Failure.DISK),
        (FileNotFoundError(2, "No such file", "a.png"), Failure.FILE),
        (ValueError("x"), Failure.FAULT),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"), Failure.FAULT),
        (ConnectionResetError("x"), Failure.FILE),
        (EOFError("x"), Failure.OTHER),
    ],
)
def test_the_code_follows_from_the_class_of_the_error(error: Exception, failure: Failure) -> None:
    assert failure_of(error) is failure


@pytest.mark.parametrize(
    ("error", "helps"),
    [(ValueError("x"), False), (RuntimeError("x"), False), (KeyError("x"), False), (TypeError("x"), False),
     (AssertionError(), False), (ConnectionResetError("reset"), True), (TimeoutError(), True), (EOFError("x"), True)],
)  # fmt: skip
def test_resuming_is_advised_only_where_it_can_help(error: Exception, helps: bool) -> None:
    assert ("Resuming may help" in reason_of(error)) is helps


def test_the_code_follows_from_the_exit_code() -> None:
    codes = [None, -9, -15, -7, DISK_FULL, GPU_FAILED, 1]
    assert [failure_of_exit(code) for code in codes] == [
        Failure.LOST, Failure.KILLED, Failure.KILLED, Failure.FILE, Failure.DISK, Failure.GPU, Failure.OTHER,
    ]  # fmt: skip
