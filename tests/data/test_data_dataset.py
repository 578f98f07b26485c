"""A dataset on disk: opening, what is said of damage, reading rows, and the sealed test split."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.preparing import arrow_writer
from glasshouse.data.preparing.reuse import inspect
from glasshouse.errors import DatasetError
from glasshouse.recipe import DatasetRecipe
from pictures import write_class_folders


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    source = write_class_folders(folder / "pets", each=20)
    create_dataset(DatasetRecipe(source=str(source), width=16, height=12, test=0.1), folder / "out")
    return folder / "out"


@pytest.fixture
def dataset(made: Path, tmp_path: Path) -> Dataset:
    shutil.copytree(made, tmp_path / "data")
    return open_dataset(tmp_path / "data")


def test_it_tells_what_it_is(dataset: Dataset) -> None:
    assert repr(dataset).endswith("2 classes, train 26, val 10, test 4, 16x12>")
    assert repr(dataset.splits["val"]) == "<Split val: 10 pictures, 16x12, 3 channels>"
    assert set(dataset.summary()) >= {"classes", "splits", "rejected", "warnings", "fingerprint", "path"}
    assert json.loads(json.dumps(dataset.summary())) == dataset.summary()
    assert [len(one) for one in dataset.splits["val"].sha256] == [64] * 10
    assert dataset.splits["val"].sizes.tolist() == [[40, 30]] * 10


def test_rows_come_in_any_order_and_from_any_batch(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: Dataset
) -> None:
    whole = dataset.splits["train"]
    monkeypatch.setattr(arrow_writer, "_BATCH_ROWS", 7)
    again = create_dataset(dataset.recipe, tmp_path / "small batches").splits["train"]
    order = np.random.default_rng(0).integers(-26, 26, 100)
    assert np.array_equal(again.rows(order), whole.rows(order))
    assert np.array_equal(again.rows(order), whole.rows(np.arange(26))[order])
    assert whole.rows([]).shape == (0, 12, 16, 3)
    assert whole.encoded(3) == whole.rows([3]).tobytes()
    with pytest.raises(DatasetError, match="The train split has 26 pictures; there is no row 26"):
        whole.rows([26])


def test_rows_are_the_callers_own(dataset: Dataset) -> None:
    rows = dataset.splits["train"].rows([0])
    rows[:] = 0
    assert dataset.splits["train"].rows([0]).any()


def test_a_split_goes_to_another_process(dataset: Dataset) -> None:
    split = dataset.splits["train"]
    split.rows([0])
    assert np.array_equal(pickle.loads(pickle.dumps(split)).rows([5]), split.rows([5]))


def test_opening_the_test_split_is_written_down(dataset: Dataset) -> None:
    assert dataset.open_test("evaluate run1") == 0
    assert dataset.open_test("evaluate run2") == 1
    assert [opening["by"] for opening in dataset.openings()] == ["evaluate run1", "evaluate run2"]
    assert open_dataset(dataset.path).summary()["test_openings"] == 2


def test_without_a_test_split_there_is_nothing_to_open(tmp_path: Path) -> None:
    source = write_class_folders(tmp_path / "pets", each=4)
    made = create_dataset(DatasetRecipe(source=str(source), width=8, height=8), tmp_path / "out")
    with pytest.raises(DatasetError, match="has no test split"):
        made.open_test("me")


def test_a_missing_dataset_is_told_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a folder"):
        open_dataset(tmp_path / "nothing")
    with pytest.raises(DatasetError, match="glasshouse dataset create"):
        open_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text('{"name": "someone else"}')
    with pytest.raises(DatasetError, match="written by something else"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("name", ["train.arrow", "recipe.json", "dataset.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
def test_damage_is_one_clear_error(dataset: Dataset, name: str, damage: str) -> None:
    file = dataset.path / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"\0garbage")
    with pytest.raises(DatasetError):
        open_dataset(dataset.path)


def test_missing_tables_are_told_when_asked_for(dataset: Dataset) -> None:
    (dataset.path / "rejected.csv").unlink()
    with pytest.raises(DatasetError, match=r"rejected\.csv is missing"):
        _ = open_dataset(dataset.path).rejected


def test_a_later_format_is_refused(dataset: Dataset) -> None:
    file = dataset.path / "dataset.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(DatasetError, match="has format 99, this version reads up to 1"):
        open_dataset(dataset.path)
    with pytest.raises(DatasetError, match="left alone"):
        inspect(dataset.path)


def test_a_damaged_dataset_is_made_again(dataset: Dataset) -> None:
    dataset.open_test("once")
    (dataset.path / "train.arrow").unlink()
    again = create_dataset(dataset.recipe, dataset.path)
    assert again.fingerprint == dataset.fingerprint
    assert len(again.splits["train"]) == 26
    assert len(again.openings()) == 1
