"""Jobs that really run: datasets, trainings that are aborted, resumed and killed, scores, predictions."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import glasshouse.jobs.worker as worker_module
from glasshouse.errors import ConflictError, InputError, PictureError
from glasshouse.jobs.local import is_alive
from glasshouse.jobs.shutdown import only_worker
from glasshouse.jobs.slots import slots
from glasshouse.jobs.worker import Worker, main
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.import_runs import import_dataset, import_run
from glasshouse.store.jobs import NewJob, abort_job, add_job, get_job, list_jobs, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.points import read_points
from glasshouse.store.predictor import ask
from glasshouse.store.queue import claim, tell_process
from glasshouse.store.records import DatasetRecord, JobKind, JobRecord, JobState, ModelRecord
from glasshouse.store.results import read_answers, read_predictions, read_report, result_place
from glasshouse.store.runs import delete_checkpoint, list_checkpoints
from glasshouse.store.submit import (
    NewDataset,
    NewModel,
    continue_model,
    submit_classification,
    submit_dataset,
    submit_evaluation,
    submit_models,
)
from pictures import picture, png_bytes

Until = Callable[[Callable[[], object]], None]
SHORT = {"network": "LeNet", "epochs": 2, "batch_size": 8}
PATIENCE = 90.0  # seconds, for a computer that does much else
LONG = {"network": "LeNet", "epochs": 3_000, "batch_size": 8}


@pytest.fixture(scope="module")
def trained(store: Store, dataset: DatasetRecord, worker: Worker) -> ModelRecord:
    (model,) = submit_models(store, NewModel("short", dataset.id, SHORT))
    deadline = time.monotonic() + PATIENCE
    while get_job(store, model.job_id).state.live and time.monotonic() < deadline:
        worker.look()
        time.sleep(0.05)
    return get_model(store, model.id)


def test_a_dataset_is_made_and_what_it_holds_is_told(store: Store, dataset: DatasetRecord) -> None:
    assert (dataset.state, dataset.job.reason, dataset.pictures) == (JobState.DONE, None, 32)
    assert dataset.summary is not None
    assert dataset.summary["splits"]["train"]["classes"] == {"cat": 12, "dog": 12}
    assert dataset.size is not None and dataset.size > 32 * 28 * 28


def test_a_model_is_trained_and_scored(store: Store, trained: ModelRecord) -> None:
    assert (trained.state, trained.job.reason) == (JobState.DONE, None)
    assert trained.scores["epoch"] == trained.scores["epochs"] == 2
    assert trained.scores["count"] == 8
    run = store.path(trained.folder)
    points = read_points(run).since(0, trained.job.version).points
    assert [p["epoch"] for p in points if p["type"] == "epoch"] == [1, 2]
    numbers = [p["n"] for p in points]
    assert numbers == sorted(set(numbers))
    place = result_place(run, "val")
    answers = read_answers(place)
    assert read_report(place)["accuracy"] == (answers.top[:, 0] == answers.labels).mean()
    assert {one.name for one in list_checkpoints(store, trained)} >= {"best.safetensors", "last.safetensors"}


def test_the_log_tells_the_course_of_a_training(store: Store, trained: ModelRecord) -> None:
    log = (store.path(f"work/{trained.job_id}") / "log.txt").read_text().splitlines()
    read_points = [line.split(" ", 2)[2] for line in log]
    assert read_points[0].startswith(f"start 1 of the job {trained.job_id} (train), process ")
    assert read_points[1].startswith("LeNet on cpu begins: ")
    assert [line.partition(":")[0] for line in read_points if line.startswith("epoch ")] == ["epoch 1", "epoch 2"]
    assert read_points[-1] == "done"


def test_a_training_is_aborted_resumed_killed_and_taken_over(
    store: Store, dataset: DatasetRecord, worker: Worker, until: Until
) -> None:
    (model,) = submit_models(store, NewModel("long", dataset.id, LONG))

    def job() -> JobRecord:
        return get_job(store, model.job_id)

    until(lambda: job().done > 3)
    abort_job(store, model.job_id)
    until(lambda: job().state is JobState.ABORTED)
    first = job()
    assert first.reason is not None and first.done > 3
    steps = max(p["step"] for p in read_points(store.path(model.folder)).since(0).points if p["type"] == "step")
    assert any(one.name == "last.safetensors" for one in list_checkpoints(store, model))
    with pytest.raises(ConflictError, match="it stays"):
        delete_checkpoint(store, get_model(store, model.id), "last.safetensors")

    resume_job(store, model.job_id)
    until(lambda: job().done > first.done)
    points = read_points(store.path(model.folder)).since(0).points
    started = [p for p in points if p["type"] == "run-started"]
    assert started[-1]["resumed_step"] >= steps > 0
    assert job().version == 2

    pid = job().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: job().attempt == 3)

    until(lambda: job().state is JobState.RUNNING and job().stage == "training")
    pid, born = job().pid, job().born
    gone = [one.process.child for one in worker.running.values()]
    worker.running.clear()  # this worker is gone, without a word
    worker.take_over()
    assert (job().pid, job().state) == (pid, JobState.RUNNING), "a process that lives is adopted"
    assert pid is not None and born is not None and is_alive(pid, born)

    os.kill(pid, signal.SIGKILL)
    worker.running.clear()
    while is_alive(pid, born):
        time.sleep(0.02)
    worker.take_over()
    assert job().state is JobState.QUEUED, "a process that died is resumed by the next worker"
    assert job().attempt == 3
    abort_job(store, model.job_id)
    assert [child.wait() for child in gone if child] == [-signal.SIGKILL]


@pytest.fixture
def processes() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Workers that a test starts; whatever happens, they are gone after it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.system
def test_a_worker_that_is_killed_leaves_its_job_to_the_next(
    store: Store, dataset: DatasetRecord, processes: list["subprocess.Popen[bytes]"]
) -> None:
    (model,) = submit_models(store, NewModel("orphan", dataset.id, LONG))

    def start() -> "subprocess.Popen[bytes]":
        processes.append(subprocess.Popen([sys.executable, "-m", "glasshouse.jobs.worker", str(store.home)]))
        wait(lambda job: _works(store))
        return processes[-1]

    def wait(holds: Callable[[JobRecord], object]) -> JobRecord:
        deadline = time.monotonic() + PATIENCE
        while not holds(job := get_job(store, model.job_id)):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        return job

    first = start()
    before = wait(lambda job: job.done > 2)
    first.kill()
    first.wait()
    second = start()
    after = wait(lambda job: job.done > before.done + 2)
    assert (after.pid, after.attempt) == (before.pid, 1), "its process went on, and was not started twice"
    second.terminate()
    assert second.wait(PATIENCE) == 0
    assert get_job(store, model.job_id).state is JobState.QUEUED
    abort_job(store, model.job_id)


def _works(store: Store) -> bool:
    """Whether a worker holds the home."""
    try:
        with only_worker(store):
            return False
    except ConflictError:
        return True


def test_evaluation_and_classification(
    store: Store, trained: ModelRecord, dataset: DatasetRecord, pictures: Path, until: Until
) -> None:
    many = submit_classification(store, trained.id, str(pictures))
    scored = submit_evaluation(store, trained.id, "train")
    until(lambda: not get_job(store, many.id).state.live and not get_job(store, scored.id).state.live)
    many, scored = get_job(store, many.id), get_job(store, scored.id)
    assert (many.reason, scored.reason) == (None, None)
    assert many.result is not None and many.result["with_truth"] == 32
    found = list(read_predictions(store.path(f"work/{many.id}")))
    assert [p["truth"] for p in found] == ["cat"] * 16 + ["dog"] * 16
    assert many.result["accuracy"] == sum(p["label"] == p["truth"] for p in found) / 32
    assert scored.result is not None and scored.result["count"] == 24
    assert read_report(result_place(store.path(trained.folder), "train"))["split"] == "train"


def test_one_picture_is_classified_by_a_process_that_stays(store: Store, trained: ModelRecord, worker: Worker) -> None:
    import threading

    done = threading.Event()

    def work() -> None:
        while not done.wait(0.05):
            worker.resident.look()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        with pytest.raises(PictureError):
            ask(store, trained.folder, b"no picture")
        with pytest.raises(InputError, match="no model"):
            ask(store, "runs/none", png_bytes(picture(1)))
        with pytest.raises(InputError, match="no model of this Studio"):
            ask(store, "../../etc", png_bytes(picture(1)))
        begin = time.perf_counter()
        answer = ask(store, trained.folder, png_bytes(picture(1, tint=0)))
        assert time.perf_counter() - begin < 1.0
        assert answer["label"] in ("cat", "dog")
    finally:
        done.set()
        thread.join()
        worker.resident.end()


def test_a_model_goes_on_for_more_epochs_as_a_new_one(store: Store, trained: ModelRecord, until: Until) -> None:
    more = continue_model(store, trained.id, 1)
    until(lambda: not get_job(store, more.job_id).state.live)
    more = get_model(store, more.id)
    assert (more.state, more.job.reason, more.parent_id) == (JobState.DONE, None, trained.id)


def test_what_fails_is_told_in_words(store: Store, dataset: DatasetRecord, pictures: Path, until: Until) -> None:
    (broken,) = submit_models(store, NewModel("broken", dataset.id, {**SHORT, "network": "resnet18.no_such_tag"}))
    empty = pictures / "empty"
    empty.mkdir()
    gone = submit_dataset(store, NewDataset("gone", {"source": str(empty)}))
    (waiting,) = submit_models(store, NewModel("waiting", gone.id, SHORT))
    shutil.rmtree(empty)
    until(lambda: not get_job(store, broken.job_id).state.live and not get_job(store, waiting.job_id).state.live)
    assert "ResNet18" in str(get_job(store, broken.job_id).reason), "close names are offered"
    assert "Traceback" in str(get_job(store, broken.job_id).detail)
    assert get_dataset(store, gone.id).state is JobState.FAILED
    assert str(get_job(store, waiting.job_id).reason).startswith("The dataset gone is failed: ")


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("way", ["absolute", "../secret.png", "..\\secret.png"])
@pytest.mark.parametrize("name", ["source", "valid_source"])
def test_a_list_may_not_name_pictures_outside(
    store: Store, pictures: Path, until: Until, tmp_path: Path, name: str, way: str, there: bool
) -> None:
    outside = (tmp_path if way == "absolute" else pictures.parent) / "secret.png"
    if there:
        outside.write_bytes(png_bytes(picture(3)))
    (pictures / "list.txt").write_text(f"cat/cat.0.jpg cat\n{outside if way == 'absolute' else way} dog\n")
    recipe = {"source": str(pictures), name: str(pictures / "list.txt"), "min_per_class": 1}
    made = submit_dataset(store, NewDataset("list", recipe))
    until(lambda: not get_job(store, made.job_id).state.live)
    (pictures / "list.txt").unlink()
    outside.unlink(missing_ok=True)
    job = get_job(store, made.job_id)
    assert job.state is JobState.FAILED
    assert "outside of the folders" in str(job.reason)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("label", ["", " cat"])
def test_a_classified_list_may_not_name_pictures_outside(
    store: Store, trained: ModelRecord, pictures: Path, until: Until, tmp_path: Path, label: str, there: bool
) -> None:
    outside = tmp_path / "secret.png"
    if there:
        outside.write_bytes(png_bytes(picture(3)))
    listed = pictures / "these.lst"
    listed.write_text(f"cat/cat.0.jpg{label}\n{outside}{label}\n")
    many = submit_classification(store, trained.id, str(listed))
    until(lambda: not get_job(store, many.id).state.live)
    listed.unlink()
    job = get_job(store, many.id)
    assert job.state is JobState.FAILED
    assert "outside of the folders" in str(job.reason)


def test_a_job_in_other_hands_is_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import glasshouse.jobs.child as module
    from glasshouse.jobs.child import _lock
    from glasshouse.jobs.child import main as child
    from glasshouse.jobs.reasons import TAKEN

    with store.write() as connection:
        job_id = add_job(connection, NewJob(JobKind.EVALUATE, "taken"))
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(module, "lower_priority", lambda: None)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        assert child(str(store.home), job_id, "1") == TAKEN, "it is not running: nobody claimed it"
        with _lock(store.path(f"work/{job_id}")):
            assert child(str(store.home), job_id, "1") == TAKEN
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    abort_job(store, job_id)


def test_a_job_that_dies_again_and_again_is_not_started_for_ever(store: Store) -> None:
    with store.write() as connection:
        job_id = add_job(connection, NewJob(JobKind.EVALUATE, "cursed"))
    worker = Worker(store, lambda: slots(devices=()), host="elsewhere")
    for _ in range(5):
        assert claim(store, (JobKind.EVALUATE,), "elsewhere", "answer") is not None
        tell_process(store, job_id, 999_999_999, 1.0)
        worker.take_over()
    job = get_job(store, job_id)
    assert (job.state, job.attempt) == (JobState.FAILED, 5)


def test_there_is_one_worker_a_home(
    store: Store, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LEAVING", 0.1)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with only_worker(store):
        assert main([str(store.home)]) == 3
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])
    assert "Another worker" in capfd.readouterr().err


def test_a_worker_that_is_leaving_is_waited_for(store: Store) -> None:
    first = only_worker(store)
    first.__enter__()
    leaving = threading.Timer(0.3, first.__exit__, (None, None, None))
    leaving.start()
    begin = time.monotonic()
    with only_worker(store, patience=20.0):
        assert time.monotonic() - begin > 0.2
    leaving.join()


def test_what_the_command_line_made_is_brought_into_another_studio(
    store: Store, trained: ModelRecord, dataset: DatasetRecord, tmp_path: Path
) -> None:
    other = open_store(tmp_path)
    brought = import_dataset(other, store.path(dataset.folder), "pets")
    assert (brought.state, brought.pictures, brought.fingerprint) == (JobState.DONE, 32, dataset.fingerprint)
    assert import_dataset(other, store.path(dataset.folder), "again").id == brought.id
    model = import_run(other, store.path(trained.folder), "short", brought.id)
    assert (model.state, model.scores["accuracy"]) == (JobState.DONE, trained.scores["accuracy"])
    assert [job.kind for job in list_jobs(other, states=[JobState.QUEUED])] == [JobKind.EVALUATE]
    with pytest.raises(InputError, match="no finished run"):
        import_run(other, tmp_path, "none", brought.id)
    other.close()
