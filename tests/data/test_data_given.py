"""What Python hands over: arrays, labels for files, patterns; and npz files."""

from pathlib import Path

import numpy as np
import pytest

from glasshouse.data.decoding.picture import decode
from glasshouse.data.items import Given, Source
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import picture, save, write_class_folders, write_splits


def opened(source: object, given: Given | None = None, **labels: str) -> Source:
    return open_source(DatasetRecipe(source=str(source), labels=LabelRecipe(**labels)), given)


@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 6, 1), (4, 5, 6, 3)])
@pytest.mark.parametrize("targets", [["a", "b", "a", "b"], np.array([0, 1, 0, 1]), np.array([0.0, 1.0, 0.0, 1.0])])
def test_arrays(shape: tuple[int, ...], targets: object) -> None:
    images = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    source = opened("arrays", Given(images=images, targets=targets))  # type: ignore[arg-type]
    assert len(source.items) == 4
    assert source.classes == (["a", "b"] if isinstance(targets, list) else ["0", "1"])
    for index, item in enumerate(source.items):
        np.testing.assert_array_equal(source.read(item), images[index])
    assert decode(source.read(source.items[0])).shape == (5, 6, 3)


def test_arrays_of_different_sizes_with_named_classes() -> None:
    images = [picture(1, 20, 30), picture(2, 30, 20), picture(3, 5, 5)]
    source = opened("arrays", Given(images=images, targets=[1, 0, 2], classes=["dog", "cat"]))
    assert [item.label for item in source.items] == ["cat", "dog"]
    assert source.classes == ["dog", "cat"]
    assert [one.reason for one in source.rejected] == ["its label is 2; there are 2 class names"]


def test_a_change_of_arrays_is_seen_in_the_listing() -> None:
    images = np.zeros((4, 5, 6), np.uint8)
    first = opened("arrays", Given(images=images, targets=[0, 1, 0, 1])).listing()
    assert opened("arrays", Given(images=images.copy(), targets=[0, 1, 0, 1])).listing() == first
    images[3, 2, 1] = 1
    assert opened("arrays", Given(images=images, targets=[0, 1, 0, 1])).listing() != first


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Given(images=np.zeros((4, 5, 6))), "a label for each"),
        (Given(images=np.zeros((4, 5, 6)), targets=[0, 1]), "4 pictures and 2 labels"),
        (Given(images=np.zeros((4, 5)), targets=[0, 1, 0, 1]), r"shape \(4, 5\)"),
        (Given(images=np.zeros((2, 5, 5)), targets=np.zeros((2, 1))), r"shape \(2, 1\)"),
        (Given(images=np.zeros((2, 5, 5)), targets=[0, 0]), "one class"),
        (Given(images=np.zeros((0, 5, 5)), targets=[]), "holds no files"),
    ],
)
def test_arrays_that_do_not_fit(given: Given, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        opened("arrays", given)


def test_labels_for_files(tmp_path: Path) -> None:
    for name in ("Abyssinian_1.jpg", "beagle_1.jpg", "beagle_2.jpg"):
        save(tmp_path / name, picture(0))
    labels = [
        ("beagle_1.jpg", "dog"), (str(tmp_path / "Abyssinian_1.jpg"), "cat"), ("nope.jpg", "cat"),
        ("./beagle_1.jpg", "cat"), ("beagle_2.jpg", ""), ("../x.jpg", "cat"),
    ]  # fmt: skip
    source = opened(tmp_path, Given(labels=labels))
    assert [(item.path, item.label) for item in source.items] == [("Abyssinian_1.jpg", "cat"), ("beagle_1.jpg", "dog")]
    assert {one.path: one.reason for one in source.rejected} == {
        "nope.jpg": "there is no such file in the source",
        "../x.jpg": "there is no such file in the source",
        "beagle_1.jpg": "given twice, before with the label dog",
        "beagle_2.jpg": "it was given no label",
    }
    with pytest.raises(SourceError, match="handed over in Python"):
        opened(tmp_path, by="given")


def test_a_pattern_on_the_name(tmp_path: Path) -> None:
    for name in ("great_dane_12.jpg", "sphynx_3.jpg", "deep/sphynx_4.jpg", "README.md", "_5.jpg"):
        save(tmp_path / name, picture(0))
    for labels in ({"by": "pattern"}, {}):
        source = opened(tmp_path, pattern=r"^(.*)_\d+\.jpg$", **labels)
        assert [(item.path, item.label) for item in source.items] == [
            ("deep/sphynx_4.jpg", "sphynx"), ("great_dane_12.jpg", "great_dane"), ("sphynx_3.jpg", "sphynx"),
        ]  # fmt: skip
        assert [one.path for one in source.rejected] == ["README.md", "_5.jpg"]
        assert "does not match the pattern" in source.rejected[0].reason
    with pytest.raises(SourceError, match="does not match the pattern"):
        opened(tmp_path, pattern="(nothing)")


def test_a_pattern_in_split_folders(tmp_path: Path) -> None:
    source = opened(write_splits(tmp_path, {"train": 2, "test": 1}), pattern=r"^(\w+)\.")
    assert {(item.split, item.label) for item in source.items} == {
        ("train", "cat"), ("train", "dog"), ("test", "cat"), ("test", "dog"),
    }  # fmt: skip


IMAGES, LABELS = np.zeros((4, 5, 6), np.uint8), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("arrays", "splits"),
    [
        ({"x": IMAGES, "y": LABELS}, [None]),
        ({"images": IMAGES, "labels": LABELS.reshape(4, 1)}, [None]),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES, "y_test": LABELS}, ["train", "test"]),
        (
            {"train_images": IMAGES, "train_labels": LABELS, "val_images": IMAGES, "val_labels": LABELS},
            ["train", "val"],
        ),
    ],
)
def test_npz(arrays: dict[str, np.ndarray], splits: list[str | None], tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    source = opened(tmp_path / "a.npz")
    assert [item.split for item in source.items] == [split for split in splits for _ in range(4)]
    assert source.classes == ["0", "1"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": IMAGES}, "has the arrays a; expected x and y"),
        ({"x": IMAGES, "y": LABELS[:3]}, "has pictures"),
        ({"x": IMAGES, "y": np.array([{}, {}, {}, {}], dtype=object)}, "pickle"),
    ],
)
def test_npz_that_cannot_be_used(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(SourceError, match=message):
        opened(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:50])
    with pytest.raises(SourceError, match="fetch it once more"):
        opened(tmp_path / "b.npz")


def test_a_folder_needs_no_python(tmp_path: Path) -> None:
    assert len(opened(write_class_folders(tmp_path), by="folder").items) == 8
