"""A disk that is really full (a small file system in memory, where mounting is permitted) and memory that runs out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio_process import waited

import glasshouse.jobs.local as local
import glasshouse.store.uploads as uploads
from glasshouse.errors import ConflictError, StoreError
from glasshouse.jobs.reasons import FULL, MEMORY, reason_of
from glasshouse.jobs.slots import slots
from glasshouse.jobs.space import check_space, dataset_bytes, training_bytes
from glasshouse.jobs.worker import Worker
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job, list_jobs, resume_job
from glasshouse.store.records import JobState
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.uploads import begin_upload, finish_upload, received, write_piece
from pictures import write_class_folders

FAULTY = Path(__file__).with_name("faulty_child.py")
SIZE = 160 * 2**20  # the checkpoints of the training below are 19 MB each
SMALL = {"network": "Dense128", "epochs": 400, "batch_size": 8}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.getuid() != 0 or mount is None:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], check=False)
    if done.returncode:
        pytest.skip("mounting is not permitted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class Full:
    """Fills a disk to the last byte, and frees it again."""

    def __init__(self, place: Path) -> None:
        self._filler = place / "filler"

    def fill(self, leave: int = 0) -> None:
        """Fill it while others may write and delete; ``leave`` bytes stay free."""
        chunk = 2**20
        with self._filler.open("wb") as file:
            while chunk >= 4096:
                if shutil.disk_usage(self._filler.parent).free - leave < chunk:
                    chunk //= 2
                    continue
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), chunk)
                except OSError:
                    chunk //= 2

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def studio(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object], str], None]]:
    """A worker on a home on that disk, whose processes do not look at the disk before; gives a way to wait."""
    monkeypatch.setenv("FAULT", "no-look-at-the-disk")
    monkeypatch.setattr(local, "module_command", lambda name, *words: [sys.executable, str(FAULTY), *words])
    monkeypatch.setattr(uploads, "SPARE_BYTES", 0)
    store = open_store(disk / "home", folders=(disk.parent,))
    monkeypatch.setenv("GLASSHOUSE_FOLDERS", str(disk.parent))
    worker = Worker(store, lambda: slots(devices=()), "small-disk")

    def until(holds: Callable[[], object], what: str) -> None:
        def look() -> object:
            try:
                worker.look()
            except StoreError as error:
                assert "full" in str(error), error
            return holds()

        waited(look, what)

    yield until
    Full(disk).free()
    worker.put_aside()
    store.close()


def test_a_full_disk_is_told_and_after_it_was_freed_all_goes_on(
    disk: Path, tmp_path: Path, studio: Callable[[Callable[[], object], str], None]
) -> None:
    pictures = write_class_folders(tmp_path / "pictures", ("cat", "dog"), each=20)
    store, full = open_store(disk / "home", folders=(tmp_path,)), Full(disk)
    recipe = {"source": str(pictures), "width": 64, "height": 64}
    data = submit_dataset(store, NewDataset("pets", recipe))
    full.fill(leave=300_000)  # a row is 12 kB: the dataset needs 500 kB, the database less
    studio(lambda: get_job(store, data.job_id).state is JobState.FAILED, "the dataset fails")
    assert get_job(store, data.job_id).reason == FULL
    assert list((disk / "home" / "datasets").iterdir()) == [], "nothing half-made is left"
    full.free()
    resume_job(store, data.job_id)
    studio(lambda: get_dataset(store, data.id).state is JobState.DONE, "the dataset is made")

    (model,) = submit_models(store, NewModel("m", data.id, SMALL))
    studio(lambda: get_job(store, model.job_id).done > 3, "it learns")
    full.fill()
    studio(lambda: get_job(store, model.job_id).state is not JobState.RUNNING or _ended(store), "it cannot write")
    full.free()
    studio(lambda: get_job(store, model.job_id).state is JobState.FAILED, "it is told")
    assert get_job(store, model.job_id).reason == FULL
    run = store.path(model.folder)
    assert not list((run / "checkpoints").glob(".*.part"))
    resume_job(store, model.job_id)
    studio(lambda: get_job(store, model.job_id).done > 6 and get_job(store, model.job_id).attempt == 2, "it goes on")
    store.close()


def _ended(store: Store) -> bool:
    """Whether no process holds a running job: what it could not write, it could not tell."""
    import psutil

    (job,) = list_jobs(store, states=[JobState.RUNNING]) or [None]
    return job is None or job.pid is None or not psutil.pid_exists(job.pid)


def test_an_upload_on_a_full_disk_goes_on_where_it_stopped(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SPARE_BYTES", 0)
    store, full = open_store(disk / "home"), Full(disk)
    upload = begin_upload(store, "pictures")
    data = os.urandom(3_000_000)
    full.fill(leave=1_000_000)
    pieces = [data[n : n + 100_000] for n in range(0, len(data), 100_000)]
    with pytest.raises(ConflictError, match=r"The disk is full: \d+ bytes of a.bin have arrived"):
        write_piece(store, upload, "a.bin", 0, pieces, len(data))
    have = received(store, upload, "a.bin")
    assert 0 < have <= 1_100_000
    full.free()
    assert write_piece(store, upload, "a.bin", have, [data[have:]], len(data)) == len(data)
    finish_upload(store, upload)
    assert (store.path(upload.folder) / "files" / "a.bin").read_bytes() == data
    store.close()


def test_a_full_disk_refuses_a_record_in_words(disk: Path) -> None:
    store, full = open_store(disk / "home"), Full(disk)
    full.fill()
    with pytest.raises(StoreError, match="full") as caught:
        for n in range(100):
            submit_dataset(store, NewDataset(f"d{n}", {"source": "sample:digits"}, notes="x" * 10_000))
    assert reason_of(caught.value) == FULL
    full.free()
    count = len(list_jobs(store, limit=1000))
    submit_dataset(store, NewDataset("after", {"source": "sample:digits"}))
    assert len(list_jobs(store, limit=1000)) == count + 1
    store.close()


def test_the_room_that_a_job_needs_is_looked_at_before_it_begins(
    store: Store, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import glasshouse.jobs.space as space

    raw = DatasetRecipe(source=str(pictures), width=100, height=100)
    assert dataset_bytes(raw, 1000) == 1000 * (2 * 30_000 + 3_072)
    assert dataset_bytes(raw.replace(encoding="jpeg"), 1000) < dataset_bytes(raw, 1000) / 3
    adam, sgd = (TrainingRecipe(data="d", network="LeNet", optimizer={"name": n}) for n in ("adam", "sgd"))
    assert (training_bytes(adam, 10**6), training_bytes(sgd, 10**6)) == (40 * 10**6, 28 * 10**6)
    often = adam.replace(epochs=20, checkpoints={"keep_every": 5})
    assert training_bytes(often, 10**6) == (3 * 7 + 1) * 4 * 10**6

    made = submit_dataset(store, NewDataset("large", {"source": str(pictures), "width": 2000, "height": 2000}))
    job = get_job(store, made.job_id)
    usage = shutil.disk_usage(store.home)._replace(free=500 * 2**20)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(ConflictError, match=r"needs about 978 MB, and 524 MB are free .* then resume it"):
        check_space(store, job)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda place: usage._replace(free=2**31))
    check_space(store, job)
    with store.write() as connection:
        from glasshouse.store.tables import jobs

        connection.execute(jobs.delete().where(jobs.c.id == job.id))


def test_memory_that_runs_out_is_told_in_words(
    store: Store, dataset: object, worker: Worker, until: Callable[[Callable[[], object]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("FAULT", "memory")
    monkeypatch.setattr(local, "module_command", lambda name, *words: [sys.executable, str(FAULTY), *words])
    (model,) = submit_models(store, NewModel("large", dataset.id, SMALL))  # type: ignore[attr-defined]
    until(lambda: get_job(store, model.job_id).state is JobState.FAILED)
    job = get_job(store, model.job_id)
    assert job.reason == MEMORY
