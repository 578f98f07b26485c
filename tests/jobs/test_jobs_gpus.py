"""Slots of GPUs that a test makes up: each process sees its own; one that fails is set aside and tried."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from studio_process import waited

import glasshouse.jobs.local as local
from glasshouse.jobs.health import Health
from glasshouse.jobs.slots import gpus, slots
from glasshouse.jobs.worker import Worker
from glasshouse.store.choices import Choices
from glasshouse.store.database import Store
from glasshouse.store.jobs import abort_job, get_job, resume_job
from glasshouse.store.records import DatasetRecord, JobKind, JobState
from glasshouse.store.submit import NewModel, submit_models
from glasshouse.store.workers import list_workers

FAULTY = Path(__file__).with_name("faulty_child.py")
LONG = {"network": "Dense128", "epochs": 4_000, "batch_size": 8}


def test_a_training_a_gpu_one_on_cpu_and_as_many_as_chosen() -> None:
    def trainings(trainings: int | None, devices: tuple[str, ...]) -> list[tuple[str, str | None]]:
        found = slots(Choices(trainings=trainings), devices)
        return [(slot.name, slot.gpu) for slot in found if JobKind.TRAIN in slot.kinds]

    assert trainings(None, ()) == [("train:0", None)]
    assert trainings(2, ()) == [("train:0", None), ("train:1", None)]
    assert trainings(None, ("2", "GPU-5a")) == [("gpu:0", "2"), ("gpu:1", "GPU-5a")]
    assert trainings(3, ("2", "3")) == [("gpu:0", "2"), ("gpu:1", "3"), ("gpu:0.2", "2")]
    others = slots(Choices(datasets=2, answers=3), ("0",))[1:]
    assert [slot.name for slot in others] == ["data:0", "data:1", "answer:0", "answer:1", "answer:2"]


@pytest.mark.parametrize(
    ("visible", "found"),
    [("", ()), ("-1", ()), ("2,3", ("2", "3")), ("GPU-5a, 1", ("GPU-5a", "1")), ("0,-1,1", ("0",))],
)
def test_visible_devices_are_named_as_they_are(
    monkeypatch: pytest.MonkeyPatch, visible: str, found: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == found


def test_a_driver_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: A'\necho 'GPU 1: B'\n")
    program.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert gpus() == ("0", "1")


def exits(code: int) -> Callable[[str], "subprocess.Popen[bytes]"]:
    return lambda gpu: subprocess.Popen([sys.executable, "-S", "-c", f"raise SystemExit({code})"])


def test_each_failure_in_a_row_doubles_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    import glasshouse.jobs.health as module

    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    health = Health(exits(1))

    def trial() -> None:
        health.look()
        found = health._troubles["1"].trial
        assert found is not None
        found.wait()
        health.look()

    health.failed("1", "it broke")
    health.look()
    assert (health.trouble("1"), health.trouble("0"), health.trouble(None)) == ("it broke", None, None)
    assert health._troubles["1"].trial is None, "not at once"
    now[0] += 2.0
    trial()
    assert health._troubles["1"].due == now[0] + 4.0
    now[0] += 4.0
    trial()
    assert health._troubles["1"].due == now[0] + 8.0
    now[0] += 8.0
    health._trial = exits(0)
    trial()
    assert health.trouble("1") is None
    health.failed("1", "again")
    assert health._troubles["1"].due == now[0] + 16.0, "a card that passes and fails again waits longer"
    health.worked("1")
    health.failed("1", "once")
    assert health._troubles["1"].due == now[0] + 2.0


@pytest.fixture
def two_gpus(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker with two GPUs, of which the second breaks after a few steps; a file says that it is well again."""
    monkeypatch.setenv("FAULT", "gpu")
    monkeypatch.setattr(local, "module_command", lambda name, *words: [sys.executable, str(FAULTY), *words])
    well = f"import pathlib; raise SystemExit(not pathlib.Path({str(tmp_path / 'well')!r}).exists())"
    health = Health(lambda gpu: subprocess.Popen([sys.executable, "-S", "-c", well]))
    worker = Worker(store, lambda: slots(devices=("0", "1")), "two-gpus", health)
    yield worker
    worker.put_aside()


def test_two_gpus_two_trainings_and_one_that_fails(
    store: Store, dataset: DatasetRecord, two_gpus: Worker, tmp_path: Path
) -> None:
    models = [submit_models(store, NewModel(f"g{n}", dataset.id, {**LONG, "seed": n}))[0] for n in range(3)]

    def until(holds: Callable[[], object], what: str) -> None:
        def look() -> object:
            two_gpus.look()
            return holds()

        waited(look, what)

    def state(n: int) -> JobState:
        return get_job(store, models[n].job_id).state

    until(lambda: len(two_gpus.running) == 2, "two at once")
    seen = {one.place.name: psutil.Process(one.process.pid) for one in two_gpus.running.values()}
    until(lambda: all(_visible(p) for p in seen.values()), "they have begun")
    assert {name: _visible(process) for name, process in seen.items()} == {"gpu:0": "0", "gpu:1": "1"}
    until(lambda: state(1) is JobState.FAILED, "the second card breaks")
    failed = get_job(store, models[1].job_id)
    assert str(failed.reason).startswith("The GPU failed: CUDA error: an illegal memory access was encountered. ")
    assert "Traceback" in str(failed.detail)
    until(lambda: two_gpus.health.trouble("1"), "it is set aside")
    two_gpus._beaten = 0.0
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        two_gpus.look()
        assert (state(2), list(two_gpus.running)) == (JobState.QUEUED, [models[0].job_id]), "not used blindly"
        time.sleep(0.05)
    (told_by,) = [one for one in list_workers(store) if one.host == "two-gpus"]
    told = {slot["name"]: slot["aside"] for slot in told_by.slots}
    assert told["gpu:0"] is None and told["gpu:1"].startswith("The GPU failed")

    abort_job(store, models[2].job_id)
    abort_job(store, models[0].job_id)
    resume_job(store, models[1].job_id)
    until(lambda: get_job(store, models[1].job_id).done > 12, "it goes on, on the card that works")
    job = get_job(store, models[1].job_id)
    assert (job.slot, job.attempt) == ("gpu:0", 2)
    (tmp_path / "well").touch()
    until(lambda: two_gpus.health.trouble("1") is None, "the second card passes its trial")
    abort_job(store, models[1].job_id)
    until(lambda: not two_gpus.running, "all have stopped")


def _visible(process: psutil.Process) -> str | None:
    return process.environ().get("CUDA_VISIBLE_DEVICES")
