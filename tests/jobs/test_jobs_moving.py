"""The home is moved while the Studio is stopped, renamed or copied: what waited goes on, what was made opens."""

import io
import json
import shutil
import sqlite3
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from studio_process import Home, check_told_once, waited

from glasshouse.store.jobs import abort_job, get_job, list_jobs, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.records import JobState
from glasshouse.store.submit import (
    NewDataset,
    NewModel,
    continue_model,
    submit_classification,
    submit_dataset,
    submit_evaluation,
    submit_models,
)
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from pictures import write_class_folders

SMALL = {"width": 32, "height": 32}
SHORT = {"network": "LeNet", "epochs": 1, "batch_size": 8}
LONG = {"network": "Dense128", "epochs": 150, "batch_size": 4}
LOGS = {"log.txt", "predictor.log"}  # what processes said is kept as it was said


@pytest.fixture
def home(tmp_path: Path, pictures: Path) -> Iterator[Home]:
    one = Home(tmp_path / "old-home", pictures)
    yield one
    one.close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A zip of class folders, as a person uploads it."""
    folder = write_class_folders(tmp_path_factory.mktemp("sent") / "pets", ("cat", "dog"), each=10, seed=50)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for file in sorted(folder.rglob("*.jpg")):
            target.write(file, file.relative_to(folder))
    return packed.getvalue()


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory, pictures: Path, archive: bytes) -> Iterator["Things"]:
    """A home with all kinds of things and waiting jobs, whose Studio is stopped."""
    home = Home(tmp_path_factory.mktemp("moving") / "old-home", pictures)
    try:
        yield Things(home, pictures, archive)
    finally:
        home.close()


class Things:
    """What a home holds before it is moved, by ids; made by its Studio, which is stopped then."""

    def __init__(self, home: Home, pictures: Path, archive: bytes) -> None:
        self.home = home
        with home.store() as store:
            store.folders = (pictures,)
            sent = begin_upload(store, "pets")
            write_piece(store, sent, "pets.zip", 0, [archive], len(archive))
            finish_upload(store, sent)
            self.source = f"upload:{sent.id}"
            self.uploaded = submit_dataset(store, NewDataset("sent", {"source": self.source, **SMALL})).id
            self.named = submit_dataset(store, NewDataset("named", {"source": str(pictures), **SMALL})).id
            self.model = submit_models(store, NewModel("m", self.uploaded, SHORT))[0].id
        home.start()
        waited(lambda: home.count(JobState.DONE) == 3, "datasets and a model are made")
        with home.store() as store:
            frozen = {**SHORT, "strategy": "features", "weights": f"model:{self.model}"}
            self.frozen = submit_models(store, NewModel("f", self.uploaded, frozen))[0].id
            self.many = submit_classification(store, self.model, self.source).id
            submit_evaluation(store, self.model, "train")
        waited(lambda: home.count(JobState.DONE) == 6, "pictures are classified and scored")
        with home.store() as store:
            self.long = submit_models(store, NewModel("long", self.uploaded, LONG))[0]
        waited(lambda: home.steps(self.long.job_id) > 50, "a training runs")
        assert "0 jobs" not in home.stop()
        with home.store() as store:
            self.more = continue_model(store, self.model, 1).id
            again = submit_dataset(store, NewDataset("again", {"source": self.source, **SMALL, "seed": 9}))
            submit_models(store, NewModel("waits", again.id, SHORT))
            self.scored = submit_classification(store, self.model, self.source).id
            assert len(list_jobs(store, states=[JobState.QUEUED])) == 5


def traces(place: Path, old: Path) -> list[str]:
    """Return where in a home the path of the old one still stands."""
    found = [
        file.relative_to(place).as_posix()
        for file in place.rglob("*")
        if file.is_file() and file.name not in LOGS and str(old).encode() in file.read_bytes()
    ]
    with closing(sqlite3.connect(place / "glasshouse.db")) as database:
        return found + [line for line in database.iterdump() if str(old) in line]


def got(home: Home, path: str, data: bytes | None = None) -> bytes:
    request = urllib.request.Request(home.address + path, data=data)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
        return bytes(answer.read())


def opens(home: Home, things: Things) -> None:
    """See that what was made before the move opens: pages, pictures with their originals, downloads, answers."""
    assert got(home, f"api/v1/datasets/{things.uploaded}/pictures/train/0/image")[:4] in (
        b"\x89PNG",
        b"\xff\xd8\xff\xe0",
    )
    for data in (things.uploaded, things.named):
        assert b"cat" in got(home, f"datasets/{data}")
        assert b"train/0" in got(home, f"datasets/{data}/explore?split=train")
        assert got(home, f"api/v1/datasets/{data}/pictures/train/0/original")
        with zipfile.ZipFile(io.BytesIO(got(home, f"api/v1/datasets/{data}/download/folders.zip"))) as folders:
            assert len(folders.namelist()) > 10
        assert got(home, f"api/v1/datasets/{data}/download/train.arrow")
    for model in (things.model, things.frozen):
        for page in ("", "/details", "/result", "/classify"):
            assert got(home, f"models/{model}{page}")
        assert zipfile.is_zipfile(io.BytesIO(got(home, f"api/v1/models/{model}/download")))
        assert len(got(home, f"api/v1/models/{model}/checkpoints/best.safetensors")) > 1000
        assert json.loads(got(home, f"api/v1/models/{model}/code?level=learner"))["code"]
    assert got(home, f"models/{things.model}/many/{things.many}/pictures/0")
    assert len(got(home, f"api/v1/jobs/{things.many}/predictions.csv").splitlines()) == 21
    source = f"/datasets/{things.uploaded}/pictures/train/0"
    told = json.loads(got(home, f"api/v1/models/{things.model}/predict?source={source}", b""))
    assert told["label"] in ("cat", "dog")


def goes_on(home: Home, things: Things, steps: int) -> None:
    """Wait until all jobs are done, and see that the interrupted training went on where it was."""

    def done() -> bool:
        with home.store() as store:
            jobs = list_jobs(store)
        assert not [(job.title, job.reason) for job in jobs if job.state is JobState.FAILED]
        return all(job.state is JobState.DONE for job in jobs)

    waited(done, "all that waited is done")
    with home.store() as store:
        run = store.path(things.long.folder)
        assert get_model(store, things.more).scores["epoch"] == 1
        assert get_job(store, things.scored).result == get_job(store, things.many).result
    check_told_once(run)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    started = [event["resumed_step"] for event in events if event["type"] == "run-started"]
    assert len(started) == 2 and started[1] >= steps > 0


def all_goes_on(things: Things, pictures: Path, old: Path, new: Path) -> None:
    """Start the Studio at the ``new`` place of the home, and see that nothing there knows the ``old`` one."""
    home = Home(new, pictures)
    steps = home.steps(things.long.job_id)
    try:
        home.start()
        opens(home, things)
        goes_on(home, things, steps)
        home.stop()
    finally:
        home.close()
    assert traces(new, old) == [] == traces(new, new)


@pytest.mark.slow
@pytest.mark.system
def test_a_copy_of_a_home_goes_on_and_opens_and_the_original_is_left_alone(
    things: Things, pictures: Path, tmp_path: Path
) -> None:
    old, new = things.home.place, tmp_path / "elsewhere" / "new home"
    assert traces(old, old) == []
    shutil.copytree(old, new)
    before = {file: file.stat().st_mtime_ns for file in old.rglob("*")}
    all_goes_on(things, pictures, old, new)
    assert {file: file.stat().st_mtime_ns for file in old.rglob("*")} == before
    assert things.home.count(JobState.QUEUED) == 5


@pytest.mark.slow
@pytest.mark.system
def test_a_home_that_was_renamed_goes_on_and_opens(things: Things, pictures: Path, tmp_path: Path) -> None:
    old, new = things.home.place, tmp_path / "renamed"
    old.rename(new)  # the last test that has it
    all_goes_on(things, pictures, old, new)
    assert not old.exists(), "nobody went back to the old place"


@pytest.mark.slow
@pytest.mark.system
def test_an_aborted_training_is_resumed_from_its_checkpoint_at_the_new_place(
    home: Home, pictures: Path, tmp_path: Path
) -> None:
    with home.store() as store:
        store.folders = (pictures,)
        data = submit_dataset(store, NewDataset("named", {"source": str(pictures), **SMALL})).id
        model = submit_models(store, NewModel("long", data, LONG))[0]
    home.start()
    waited(lambda: home.steps(model.job_id) > 50, "it runs")
    with home.store() as store:
        abort_job(store, model.job_id)
    waited(lambda: home.count(JobState.ABORTED) == 1, "it is aborted")
    steps = home.steps(model.job_id)
    home.stop()
    home.place = home.place.rename(tmp_path / "new-home")
    home.start()
    with home.store() as store:
        resume_job(store, model.job_id)
    waited(lambda: home.steps(model.job_id) > steps, "it goes on")
    events = (home.place / model.folder / "events.jsonl").read_text().splitlines()
    started = [json.loads(line)["resumed_step"] for line in events if '"run-started"' in line]
    assert started[1] >= steps
