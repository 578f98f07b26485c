"""A dataset at another size: the same pictures in the same rows, read from the source again, under the same seal."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.preparing.resized import resized
from glasshouse.errors import DatasetError, SourceError
from glasshouse.events import Event
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save, write_class_folders

Result = TypeVar("Result")


def ended(events: Generator[Event, None, Result]) -> Result:
    while True:
        try:
            next(events)
        except StopIteration as end:
            found: Result = end.value
            return found


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    source = write_class_folders(tmp_path / "pets", {"cat": 12, "dog": 8}, size=(60, 50))
    shutil.copy(next(source.glob("cat/*.jpg")), source / "cat" / "the-same.jpg")
    (source / "cat" / "no-picture.jpg").write_bytes(b"no picture")
    recipe = DatasetRecipe(source=str(source), width=20, height=20, valid=0.25, test=0.2)
    return create_dataset(recipe, tmp_path / "small")


def test_rows_labels_groups_and_twins_are_the_same(small: Dataset, tmp_path: Path) -> None:
    small.name_classes({"cat": "a cat"})
    large = ended(resized(small, 40, 40, tmp_path / "large"))
    assert list(large.splits) == list(small.splits) and large.classes == small.classes
    for name, split in small.splits.items():
        other = large.splits[name]
        assert (other.paths, other.sha256) == (split.paths, split.sha256)
        assert np.array_equal(other.labels, split.labels) and np.array_equal(other.groups, split.groups)
        assert other.shape == (40, 40, 3)
    assert {(t.path, t.kind, t.split) for t in large.twins} == {(t.path, t.kind, t.split) for t in small.twins} != set()
    assert large.verify().ok and large.fingerprint != small.fingerprint and large.class_names == {"cat": "a cat"}
    straight = create_dataset(small.recipe.replace(width=40, height=40), tmp_path / "straight")
    assert large.fingerprint == straight.fingerprint
    path = large.splits["train"].paths[0]
    row = list(straight.splits["train"].paths).index(path)
    assert np.array_equal(large.splits["train"].rows([0]), straight.splits["train"].rows([row]))


def test_it_is_found_again_and_its_test_pictures_are_under_the_same_seal(small: Dataset, tmp_path: Path) -> None:
    large = ended(resized(small, 40, 40, tmp_path / "large"))
    assert large.open_test("one") == 0 and small.open_test("two") == 1
    assert [entry["by"] for entry in large.openings()] == ["one", "two"]
    shutil.rmtree(small.recipe.source)
    assert ended(resized(small, 40, 40, tmp_path / "large")).fingerprint == large.fingerprint
    with pytest.raises(SourceError):
        ended(resized(small, 30, 30, tmp_path / "other"))
    shutil.rmtree(small.path)
    assert open_dataset(large.path).openings() == []


def test_a_source_that_changed_is_refused(small: Dataset, tmp_path: Path) -> None:
    save(Path(small.recipe.source) / small.splits["val"].paths[0], picture(99, 60, 50))
    with pytest.raises(DatasetError, match="1 of the 21 pictures"):
        ended(resized(small, 40, 40, tmp_path / "large"))
    assert not (tmp_path / "large").exists()
