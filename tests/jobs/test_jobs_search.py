"""A search as a job: its candidates are models, the best so far is kept when it is stopped, and it goes on."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasshouse.data.dataset import open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import ConflictError, RecipeError
from glasshouse.events import CandidateDone, Event
from glasshouse.jobs.kinds import WORK
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.recipe import DatasetRecipe
from glasshouse.search import searching
from glasshouse.search.candidates import Candidate
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.import_runs import import_dataset
from glasshouse.store.jobs import abort_job, get_job
from glasshouse.store.models import count_models, get_model, list_models
from glasshouse.store.queue import claim, end, give_back
from glasshouse.store.records import DatasetRecord, JobKind, JobRecord, JobState, ModelRecord
from glasshouse.store.resources import bin_resources, delete_resource
from glasshouse.store.searches import NewSearch, prolong_search, read_found, search_folder, submit_search, write_found
from glasshouse.store.sized_datasets import add_sized_dataset
from pictures import write_class_folders

pytestmark = pytest.mark.slow


class Interrupted(ProgressWriter):
    """Is interrupted, as by SIGTERM, at the first event after ``after`` candidates."""

    after = 2

    def note(self, event: Event) -> None:
        super().note(event)
        if self.after == 0:
            raise KeyboardInterrupt
        self.after -= isinstance(event, CandidateDone)


def begun(store: Store) -> JobRecord:
    job = claim(store, (JobKind.SEARCH,), "here", "train:0")
    assert job is not None
    return job


def worked(store: Store, job: JobRecord, listener: type[ProgressWriter] = ProgressWriter) -> None:
    """Do the job as its child process does."""
    progress = listener(store, job)
    with contextlib.chdir(store.path("runs")):
        result = WORK[JobKind.SEARCH](store, job, progress)
    progress.complete()
    end(store, job.id, JobState.DONE, result=result, attempt=job.attempt)


@pytest.fixture(scope="module")
def stopped(store: Store, dataset: DatasetRecord) -> Iterator[ModelRecord]:
    """A search that a worker's end put back into the queue after two candidates, and that a person stopped then."""
    record = submit_search(store, NewSearch("the best", dataset.id, candidates=5))
    job = begun(store)
    with pytest.raises(KeyboardInterrupt):
        worked(store, job, Interrupted)
    give_back(store, job.id, job.attempt)
    assert get_job(store, job.id).state is JobState.QUEUED
    found = read_found(store, record.id)
    assert [one["number"] for one in found["candidates"]] == [1, 2]
    write_found(store, record.id, {**found, "candidates": found["candidates"][:1]})  # it ended before it heard of 2
    job = begun(store)
    abort_job(store, job.id)
    worked(store, job)
    yield get_model(store, record.id)


def test_a_stopped_search_keeps_the_best_so_far(store: Store, stopped: ModelRecord, dataset: DatasetRecord) -> None:
    found = read_found(store, stopped.id)
    assert stopped.state is JobState.DONE and [one["number"] for one in found["candidates"]] == [1, 2]
    best = found["best"]
    leader = next(one for one in found["candidates"] if one["number"] == best["number"])
    assert stopped.network == leader["network"] and stopped.recipe["network"] == leader["network"]
    assert (store.path(stopped.folder) / "model" / "model.json").is_file()
    assert best["corrected_interval"][0] <= best["corrected"] <= best["corrected_interval"][1]
    assert found["ended"] == "stopped" and found["seconds"] > 0
    assert stopped.recipe["learn_from"] == "train", "the winner learned from all training pictures all the same"
    assert stopped.scores["count"] == (dataset.summary or {})["splits"]["val"]["count"]


def test_each_candidate_is_a_model_that_lists_leave_out(store: Store, stopped: ModelRecord) -> None:
    candidates = list_models(store, search_id=stopped.id)
    assert {one.id for one in candidates} == {one["model"] for one in read_found(store, stopped.id)["candidates"]}
    for one in candidates:
        assert (store.path(one.folder) / "model" / "model.json").is_file() and one.state is JobState.DONE
        assert one.recipe["data"] == f"../datasets/{one.dataset_id}", "relative to runs, so that a home can be moved"
    listed = {one.id for one in list_models(store)}
    assert stopped.id in listed and not listed & {one.id for one in candidates}
    assert count_models(store) == len(listed) and count_models(store, search_id=stopped.id) == 2


def test_a_search_that_is_stopped_before_its_first_candidate_is_aborted(store: Store, dataset: DatasetRecord) -> None:
    submit_search(store, NewSearch("nothing yet", dataset.id, candidates=2))
    job = begun(store)
    abort_job(store, job.id)
    with pytest.raises(KeyboardInterrupt):
        worked(store, job)
    give_back(store, job.id, job.attempt)
    assert get_job(store, job.id).state is JobState.ABORTED


def test_a_search_that_ended_can_be_given_more_minutes_only_where_it_has_some(
    store: Store, stopped: ModelRecord, dataset: DatasetRecord
) -> None:
    with pytest.raises(ConflictError, match="no search for some minutes"):
        prolong_search(store, stopped.id, 5)
    timed = submit_search(store, NewSearch("in minutes", dataset.id, minutes=2))
    assert prolong_search(store, timed.id, 10).job.arguments["minutes"] == 12
    job = begun(store)
    end(store, job.id, JobState.FAILED, reason="gone", attempt=job.attempt)
    again = prolong_search(store, timed.id, 3).job
    assert again.state is JobState.QUEUED and again.arguments["minutes"] == 15 and again.reason is None
    abort_job(store, again.id)


def test_a_finished_search_leaves_what_the_winner_learned_and_goes_with_its_candidates(
    store: Store, dataset: DatasetRecord
) -> None:
    record = submit_search(store, NewSearch("of one", dataset.id, candidates=1))
    worked(store, begun(store))
    made, found = get_model(store, record.id), read_found(store, record.id)
    assert made.state is JobState.DONE and found["ended"] == "done"
    assert made.recipe.get("learn_from", "train") == "train", "it learned from all training pictures"
    assert made.scores["count"] == (dataset.summary or {})["splits"]["val"]["count"]
    assert (store.path(made.folder) / "results" / "val.json").is_file()
    (candidate,) = list_models(store, search_id=record.id)
    bin_resources(store, [made])
    delete_resource(store, get_model(store, made.id))
    assert not list_models(store, search_id=record.id)
    for folder in (made.folder, candidate.folder, search_folder(made.id)):
        assert not Path(store.path(folder)).exists(), folder


def test_a_candidate_at_another_size_is_of_a_dataset_of_its_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_class_folders(tmp_path / "photos", each=8, size=(44, 40))
    create_dataset(DatasetRecipe(source=str(source), width=28, height=28, test=0.1), tmp_path / "set")
    base = import_dataset(store, tmp_path / "set", "Photos")
    fields = {"network": "LeNet", "weights": "none", "strategy": "scratch", "epochs": 1, "seed": 1}
    monkeypatch.setattr(searching, "next_candidate", lambda *_, **__: iter([Candidate(fields, "LeNet", side=36)]))
    record = submit_search(store, NewSearch("in large", base.id, candidates=1))
    worked(store, begun(store))
    made, (candidate,) = get_model(store, record.id), list_models(store, search_id=record.id)
    sized = get_dataset(store, str(made.dataset_id))
    assert sized.name == "Photos · 36x36" and sized.recipe["width"] == 36 and sized.pictures == base.pictures
    assert candidate.dataset_id == sized.id != base.id and candidate.recipe["data"] == f"../{sized.folder}"
    assert made.scores["count"] == (base.summary or {})["splits"]["val"]["count"]
    opened = open_dataset(store.path(sized.folder))
    opened.open_test("a person")
    assert len(open_dataset(store.path(base.folder)).openings()) == 1, "one seal for both"
    (found,) = read_found(store, record.id)["candidates"]
    assert (found["side"], found["dataset"]) == (36, sized.id)
    assert add_sized_dataset(store, made, base.id, 36).id == sized.id, "made once"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"minutes": 0.0}, "minutes"), ({"minutes": 1e9}, "minutes"), ({"candidates": 0}, "candidates"),
     ({"minutes": 1.0, "candidates": 3}, "candidates"), ({"name": " "}, "name"), ({"dataset_id": ""}, "dataset_id")],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_by_field(
    store: Store, dataset: DatasetRecord, wrong: dict[str, object], field: str
) -> None:
    asked = NewSearch(**{"name": "x", "dataset_id": dataset.id, **wrong})  # type: ignore[arg-type]
    with pytest.raises(RecipeError) as refused:
        submit_search(store, asked)
    assert [problem.field for problem in refused.value.problems] == [field]
