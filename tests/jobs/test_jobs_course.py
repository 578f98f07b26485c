"""How far a job is: one number over all its phases that never falls, reaches 1, and says so while it stops."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corner_pictures import draw_pictures
from glasshouse.errors import GlasshouseError
from glasshouse.events import Event, StepDone
from glasshouse.jobs.course import UNITS, Course
from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import abort_job, get_job, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.queue import claim, end, give_back
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.submit import (
    NewDataset,
    NewModel,
    submit_classification,
    submit_dataset,
    submit_evaluation,
    submit_models,
)


class Listener(ProgressWriter):
    """Keeps what the row of the job says after each event, and stops after so many steps where asked to."""

    seen: list[float | None]
    stages: list[str | None]
    stop_after: int | None = None

    def hear(self, event: Event) -> None:
        super().hear(event)
        self.look()
        if isinstance(event, StepDone) and self.stop_after is not None and event.step >= self.stop_after:
            raise KeyboardInterrupt

    def stage(self, name: str) -> None:
        super().stage(name)
        self.look()

    def look(self) -> None:
        self.write()
        job = get_job(self.store, self.job.id)
        self.seen.append(job.progress if job.total else None)
        self.stages.append(job.stage)


def done(store: Store, kind: JobKind, stop_after: int | None = None) -> Listener:
    """Do the next job of this kind as its child process does."""
    job = claim(store, (kind,), "here", "cpu")
    assert job is not None
    listener = Listener(store, job)
    listener.seen, listener.stages, listener.stop_after = [], [], stop_after
    with contextlib.chdir(store.path("runs")):
        try:
            result = WORK[kind](store, job, listener)
        except KeyboardInterrupt:
            give_back(store, job.id, job.attempt)
            return listener
    listener.complete()
    listener.look()
    end(store, job.id, JobState.DONE, result=result, attempt=job.attempt)
    return listener


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    top = tmp_path_factory.mktemp("course")
    draw_pictures(top / "given" / "corners", each=12)
    opened = open_store(top / "home", folders=(top / "given",))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(store: Store) -> str:
    return made(store, valid=0.3)[0]


def made(store: Store, **fields: Any) -> tuple[str, Listener]:
    recipe = {"source": str(store.folders[0] / "corners"), "width": 28, "height": 28, "color": "gray", **fields}
    record = submit_dataset(store, NewDataset("Corners", recipe))
    heard = done(store, JobKind.DATASET)
    assert get_dataset(store, record.id).state is JobState.DONE
    return record.id, heard


def trained(store: Store, dataset: str, **fields: Any) -> tuple[str, Listener]:
    recipe = {"network": "LeNet", "epochs": 2, "batch_size": 8, "device": "cpu", **fields}
    (record,) = submit_models(store, NewModel("m", dataset, recipe))
    return record.id, done(store, JobKind.TRAIN)


def assert_whole(heard: Listener, *, grows: bool = True) -> None:
    known = [value for value in heard.seen if value is not None]
    assert known == sorted(known), list(zip(heard.stages, heard.seen))
    assert known[-1] == 1.0
    assert heard.seen.index(known[0]) == len(heard.seen) - len(known), "it was known, and then not any more"
    if grows:
        assert len(set(known)) > 3 and known[0] < 0.95


def test_the_making_of_a_dataset(store: Store) -> None:
    heard = made(store, valid=0.2)[1]
    assert_whole(heard, grows=False)
    assert heard.stages[-1] == "writing"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"epochs": 1, "batch_size": 64},
        {"epochs": 12, "early_stopping": {"patience": 1}, "optimizer": {"name": "sgd", "lr": 1e-12}},
        {"strategy": "fine-tune", "freeze_epochs": 2, "weights": "earlier"},
        {"strategy": "features", "weights": "earlier", "views": 2, "augmentation": {"rotation": 5}},
        {"accumulate": 2, "augmentation": {"horizontal_flip": True}},
    ],
    ids=["scratch", "one-step", "stopped-early", "fine-tune", "features", "accumulated"],
)
def test_a_training_never_falls_back(store: Store, dataset: str, fields: dict[str, Any]) -> None:
    if fields.get("weights") == "earlier":
        fields = {**fields, "weights": f"model:{trained(store, dataset, epochs=1)[0]}"}
    heard = trained(store, dataset, **fields)[1]
    assert_whole(heard)
    assert {"training", "validating", "scoring", "evaluating"} <= set(heard.stages)


def test_a_training_without_validation_pictures(store: Store) -> None:
    data = made(store, valid=0.0)[0]
    assert_whole(trained(store, data)[1])


def test_a_training_that_is_resumed_goes_on_from_where_it_was(store: Store, dataset: str) -> None:
    recipe = {"network": "LeNet", "epochs": 4, "batch_size": 8, "device": "cpu"}
    (record,) = submit_models(store, NewModel("m", dataset, recipe))
    first = done(store, JobKind.TRAIN, stop_after=8)
    again = done(store, JobKind.TRAIN)
    known = [value for value in again.seen if value is not None]
    reached = next(value for value in reversed(first.seen) if value is not None)
    assert known[0] == pytest.approx(reached, abs=0.03)
    assert_whole(again)
    assert get_model(store, record.id).state is JobState.DONE


def test_scoring_and_classifying_count_their_pictures(store: Store, dataset: str) -> None:
    model = trained(store, dataset)[0]
    submit_evaluation(store, model, "val")
    assert_whole(done(store, JobKind.EVALUATE), grows=False)
    submit_classification(store, model, str(store.folders[0] / "corners"))
    heard = done(store, JobKind.CLASSIFY)
    assert_whole(heard)
    job = get_job(store, heard.job.id)
    assert job.done == job.total == 37


def test_what_is_resumed_after_an_abort_is_not_stopping_any_more(store: Store, dataset: str) -> None:
    (record,) = submit_models(store, NewModel("m", dataset, {"network": "LeNet", "epochs": 2, "batch_size": 8}))
    job = claim(store, (JobKind.TRAIN,), "here", "cpu")
    assert job is not None
    assert abort_job(store, job.id).wish == "abort"
    give_back(store, job.id, job.attempt)
    assert get_job(store, job.id).state is JobState.ABORTED
    resume_job(store, job.id)
    assert get_model(store, record.id).job.wish is None
    done(store, JobKind.TRAIN)


def test_a_course_is_bounded_whatever_it_hears(tmp_path: Path) -> None:
    course = Course()
    assert course.fraction is None and UNITS > 1000
    with contextlib.suppress(GlasshouseError):
        course.hear(StepDone(5, 1, 0.1, 0.1, 0.1, 1.0))
    assert course.fraction is not None and 0.0 <= course.fraction <= 1.0
