"""A version of a dataset in the Studio: asked for by edits, made of the stored pictures by a job."""

import shutil
from collections.abc import Callable

import pytest

from glasshouse.data.dataset import open_dataset
from glasshouse.errors import InputError, RefusedError
from glasshouse.store.database import Store
from glasshouse.store.dataset_versions import NewVersion, submit_version, version_name
from glasshouse.store.datasets import get_dataset
from glasshouse.store.records import DatasetRecord, JobState, Role, UserRecord

Until = Callable[[Callable[[], object]], None]


def made(store: Store, record: DatasetRecord, until: Until) -> DatasetRecord:
    until(lambda: not get_dataset(store, record.id).state.live)
    done = get_dataset(store, record.id)
    assert done.state is JobState.DONE, done.job.reason
    return done


def test_a_version_is_made_of_the_stored_pictures_and_of_the_source_once_these_are_gone(
    store: Store, dataset: DatasetRecord, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = open_dataset(store.path(dataset.folder))
    path = next(one for one in parent.splits["train"].paths if one.startswith("cat"))
    edits = [{"path": path, "label": "dog"}, {"class_name": "dog", "label": "hound"}]
    two = made(store, submit_version(store, dataset.id, NewVersion(edits, why="looked again")), until)
    assert (two.name, two.notes, two.job.arguments["parent"]) == ("pets · 2", "looked again", dataset.id)
    version = open_dataset(store.path(two.folder))
    assert version.parent is not None and version.parent["fingerprint"] == dataset.fingerprint
    assert version.classes == ("cat", "hound") and two.fingerprint == version.fingerprint
    assert [edit.why for edit in version.recipe.edits] == ["looked again"] * 2
    assert two.recipe == version.recipe.model_dump(mode="json")
    again = submit_version(store, two.id, NewVersion([{"path": path, "exclude": True}]))
    shutil.move(store.path(two.folder), store.path("elsewhere"))  # before the job begins
    three = made(store, again, until)
    shutil.move(store.path("elsewhere"), store.path(two.folder))
    assert three.name == "pets · 3" and path not in open_dataset(store.path(three.folder)).splits["train"].paths


def test_what_cannot_be_made_is_refused_at_once(store: Store, dataset: DatasetRecord) -> None:
    one = NewVersion([{"path": "cat/none.jpg", "label": "dog"}])
    with pytest.raises(InputError, match=r"edit 1: the dataset has no picture cat/none\.jpg"):
        submit_version(store, dataset.id, one)
    with pytest.raises(RefusedError):
        submit_version(store, dataset.id, one, UserRecord("ann", "Ann", Role.VIEWER, 0.0, None))


def test_names_of_versions_count() -> None:
    assert [version_name(name) for name in ("Pets", "Pets · 9", "x" * 120)] == [
        "Pets · 2", "Pets · 10", "x" * 116 + " · 2"]  # fmt: skip
