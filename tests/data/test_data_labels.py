"""Labels that are handed over: missing ones are no class, arrays in other orders are seen, classes count 1, 2, 10."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.checking.fingerprint import fingerprint, recipe_key
from glasshouse.data.dataset import open_dataset
from glasshouse.data.image_data import ImageData, cache_folder
from glasshouse.data.items import Given, Source
from glasshouse.data.names import natural
from glasshouse.data.prepare import create_dataset
from glasshouse.data.sources.labels import is_missing, label_text
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe
from pictures import picture, save, write_class_folders


class NAType:
    """Stands for pandas.NA, which answers neither yes nor no."""

    def __ne__(self, other: object) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = None  # type: ignore[assignment]


class Series:
    """Stands for a pandas Series with an index of its own: ``self[0]`` is by the index, not by position."""

    def __init__(self, values: list[object], index: list[int]) -> None:
        self.values, self.index, self.iloc = values, index, None
        self.shape = (len(values),)

    def __getitem__(self, key: int) -> object:
        return self.values[self.index.index(key)]

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> list[object]:
        return self.values

    def to_numpy(self) -> np.ndarray:
        found = np.empty(len(self.values), object)
        found[:] = self.values
        return found


def opened(images: object, targets: object, classes: list[str] | None = None) -> Source:
    return open_source(DatasetRecipe(source="arrays"), Given(images=images, targets=targets, classes=classes))  # type: ignore[arg-type]


def gray(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 6, 8), dtype=np.uint8)


def kinds(source: Source) -> list[str]:
    return [one.kind for one in source.warnings]


NAN = float("nan")


@pytest.mark.parametrize(
    "missing", [None, NAN, np.nan, np.float32("nan"), NAType(), "", "  ", np.datetime64("NaT"), np.ma.masked]
)
def test_a_missing_label_is_no_class(missing: object) -> None:
    assert is_missing(missing)
    assert label_text(missing) is None
    source = opened(gray(5), ["a", "b", missing, "a", "b"])
    assert [item.label for item in source.items] == ["a", "b", "a", "b"]
    assert [(one.path, one.reason) for one in source.rejected] == [("given/00002", "it has no label")]


@pytest.mark.parametrize(
    "targets",
    [
        np.array([0.0, 1.0, NAN, 0.0]), [0, 1, None, 0], ["0", "1", NAN, "0"], np.array([0, 1, None, 0], object),
        np.ma.array([0, 1, 7, 0], mask=[0, 0, 1, 0]), [0.0, True and 1, NAN, 0], Series([0, 1, None, 0], [3, 2, 1, 0]),
        np.array([[1, 0], [0, 1], [0, 0], [1, 0]]),
    ],
)  # fmt: skip
def test_missing_labels_among_others_in_every_form(targets: object) -> None:
    source = opened(gray(4), targets)
    assert [item.label for item in source.items] == ["0", "1", "0"]
    assert source.classes == ["0", "1"]
    assert [one.reason for one in source.rejected] == ["it has no label"]


def test_texts_that_look_missing_stay_classes_and_are_told() -> None:
    source = opened(gray(4), np.array(["nan", "a", "nan", "a"]))
    assert {item.label for item in source.items} == {"nan", "a"}
    assert kinds(source) == ["missing-name"]


def test_labels_that_a_function_gives(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "p", ("cat", "dog", "fox"), 4)
    answers = {"cat": 1.0, "dog": np.int64(0), "fox": NAN}
    place = {"out": tmp_path / "out", "size": 16, "twins": False}
    data = ImageData.from_function(tmp_path / "p", lambda name: answers[name[:3]], **place)
    assert data.classes == ("0", "1")
    assert {one.reason for one in data.dataset.rejected} == {"it was given no label"}


def test_what_labels_are_called() -> None:
    values = (0.0, 1.0, True, b"cat", np.str_("x"), np.bool_(False), 2.5, datetime.date(2026, 1, 2), "None")
    assert [label_text(one) for one in values] == ["0", "1", "True", "cat", "x", "False", "2.5", "2026-01-02", "None"]


def test_booleans_with_names_count() -> None:
    source = opened(gray(2), np.array([True, False]), ["no", "yes"])
    assert [item.label for item in source.items] == ["yes", "no"]
    assert [item.label for item in opened(gray(2), [True, False]).items] == ["True", "False"]


def test_numbers_below_zero_are_listed() -> None:
    source = opened(gray(3), [0, 1, -1])
    assert [one.reason for one in source.rejected] == ["its label is -1; expected a number from 0, or a name"]


def test_one_hot_rows_are_their_numbers() -> None:
    source = opened(gray(3), [[0, 1], [1, 0], [0, 1]], ["cat", "dog"])
    assert [item.label for item in source.items] == ["dog", "cat", "dog"]
    assert kinds(source) == ["one-hot"]
    with pytest.raises(SourceError, match="row 1 has no single 1"):
        opened(gray(2), np.array([[0.0, 1.0], [0.3, 0.7]]))
    with pytest.raises(SourceError, match="several lengths"):
        opened(gray(2), [[0, 1], [1]])


def test_mixed_labels_and_fractions_are_told() -> None:
    assert kinds(opened(gray(4), [1, "1", 2, "b"])) == ["mixed-labels"]
    assert kinds(opened(gray(2), [0.5, 1.5])) == ["float-labels"]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_first_are_seen_from_the_shape(channels: int, tmp_path: Path) -> None:
    last = np.random.default_rng(1).integers(0, 256, (8, 10, 12, channels), dtype=np.uint8)
    for images in (np.moveaxis(last, -1, 1), [np.moveaxis(one, -1, 0) for one in last]):
        source = opened(images, [0, 1] * 4)
        assert kinds(source) == ["channels-first"]
        np.testing.assert_array_equal(source.read(source.items[3]), last[3])
    data = ImageData.from_arrays(np.moveaxis(last, -1, 1), [0, 1] * 4, twins=False, out=tmp_path / "out")
    assert (data.dataset.width, data.dataset.height) == (12, 10)


@pytest.mark.parametrize(
    ("shape", "told"), [((2, 3, 3, 3), []), ((2, 3, 20, 3), ["channels-last"]), ((2, 20, 20, 3), [])]
)
def test_shapes_that_may_be_both_are_read_as_channels_last(shape: tuple[int, ...], told: list[str]) -> None:
    images = np.zeros(shape, np.uint8)
    source = opened(images, [0, 1])
    assert source.read(source.items[0]).shape == shape[1:]
    assert kinds(source) == told


def test_pictures_of_a_series_are_taken_by_position() -> None:
    images = gray(3)
    source = opened(Series(list(images), [2, 0, 1]), ["a", "b", "a"])
    for item, expected in zip(source.items, images, strict=True):
        np.testing.assert_array_equal(source.read(item), expected)


def test_a_stack_with_the_number_last_is_told() -> None:
    with pytest.raises(SourceError, match=r"the last axis .* np.moveaxis"):
        opened(np.zeros((32, 32, 3, 7), np.uint8), list(range(7)))


def test_arrays_of_npz_that_are_not_read_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X_train=gray(2), Y_train=np.array([[0], [1]]), x_test=gray(3))
    source = open_source(DatasetRecipe(source=str(tmp_path / "a.npz")))
    assert [item.split for item in source.items] == ["train", "train"]
    assert [one.message for one in source.warnings] == ["these arrays of the npz were not read: x_test"]
    np.savez(tmp_path / "b.npz", x=gray(2), y=np.array([0, 1]), images=gray(2), labels=np.array([1, 0]))
    with pytest.raises(SourceError, match="two arrays of pictures for one part, x and images"):
        open_source(DatasetRecipe(source=str(tmp_path / "b.npz")))


def numbered(folder: Path) -> Path:
    return write_class_folders(folder, [str(number) for number in (0, 1, 2, 10, 11)], 4)


def test_numbers_as_class_names_count_in_new_datasets(tmp_path: Path) -> None:
    recipe = DatasetRecipe(source=str(numbered(tmp_path / "p")), width=8, height=8, twins=False)
    made = create_dataset(recipe, tmp_path / "new")
    assert made.classes == ("0", "1", "2", "10", "11")
    again = create_dataset(DatasetRecipe.from_json((tmp_path / "new" / "recipe.json").read_text()), tmp_path / "again")
    assert (again.classes, again.fingerprint) == (made.classes, made.fingerprint)


def test_recipes_made_before_keep_their_order_and_datasets_are_found_again(tmp_path: Path) -> None:
    fields = {"source": str(numbered(tmp_path / "p")), "width": 8, "height": 8, "twins": False}
    old = create_dataset(DatasetRecipe(**fields, version=1), tmp_path / "old")
    assert old.classes == ("0", "1", "10", "11", "2")
    now = create_dataset(DatasetRecipe(**fields), tmp_path / "old")
    assert (now.classes, now.fingerprint) == (old.classes, old.fingerprint)
    new = create_dataset(DatasetRecipe(**fields), tmp_path / "new")
    assert new.fingerprint != old.fingerprint
    back = create_dataset(DatasetRecipe(**fields, version=1), tmp_path / "new")
    assert (back.classes, back.fingerprint) == (old.classes, old.fingerprint)
    assert open_dataset(tmp_path / "old").recipe.version == 1


def test_the_version_changes_no_key_of_recipe_or_cache() -> None:
    one, two = (DatasetRecipe(source="s", version=version) for version in (1, 2))
    rows = [("train", "10", "10/a.jpg", "ab"), ("val", "2", "2/b.jpg", "cd")]
    before = "9a416a5ff3443b3c8736161c4ceda455b82f26fdef5542a4d89902a6118018c7"  # of the version before
    assert fingerprint(one, rows) == fingerprint(two, rows) == before != fingerprint(two, rows, ["2", "10"])
    assert recipe_key(one) == recipe_key(two)
    assert cache_folder(one) == cache_folder(two)


ORDERS = (
    ["1", "2", "10"], ["a", "b"], ["frame 2", "frame 10"], ["a1b", "a1c", "a2", "a10"], ["가1", "가10", "나1"],
    ["", "0", "00", "01", "1", "x"], ["img", "img1", "img2"],
)  # fmt: skip


@pytest.mark.parametrize("ordered", ORDERS)
def test_natural_order(ordered: list[str]) -> None:
    assert sorted(sorted(ordered, reverse=True), key=natural) == ordered


def test_classes_of_a_table_count_too(tmp_path: Path) -> None:
    rows = ["path,label"]
    for number in (10, 9, 2, 0):
        save(tmp_path / f"{number}.png", picture(number))
        rows.append(f"{number}.png,{number}")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    recipe = DatasetRecipe(source=str(tmp_path / "t.csv"), width=8, height=8, valid=0, min_per_class=1)
    assert create_dataset(recipe, tmp_path / "out").classes == ("0", "2", "9", "10")
