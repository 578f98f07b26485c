"""Folders that people have: parts of a split by other names, wrappers, rubbish of systems; none misread in silence."""

import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from glasshouse.data.items import Source
from glasshouse.data.prepare import create_dataset
from glasshouse.data.sources.parts import part_of_name
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import picture, save, write_class_folders


def opened(source: Path, **labels: str) -> Source:
    return open_source(DatasetRecipe(source=str(source), labels=LabelRecipe(**labels)))


def tree(root: Path, *paths: str) -> Path:
    """Write a file at each path: a picture, or a text where the ending says so."""
    for number, path in enumerate(paths):
        if path.endswith((".txt", ".csv", ".xml")):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("0 0.5 0.5 1 1\n")
        else:
            save(root / path, picture(number))
    return root


def counts(source: Source) -> dict[tuple[str | None, str], int]:
    return dict(Counter((item.split, item.label) for item in source.items))


def kinds(source: Source) -> set[str]:
    return {warning.kind for warning in source.warnings}


def reasons(source: Source) -> dict[str, str]:
    return {one.path: one.reason for one in source.rejected}


BOTH = {("train", "cat"): 1, ("train", "dog"): 1, ("test", "cat"): 1, ("test", "dog"): 1}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"), ("images_train", "images_test"), ("seg_train/seg_train", "seg_test/seg_test"),
        ("train_set", "test-set"), ("TrainSet", "TestSet"), ("trainset", "testset"), ("Train Images", "Test Images"),
        ("train2017", "test2017"), ("1_train", "2_test"), ("훈련", "시험"), ("학습데이터", "테스트데이터"),
        ("1.Training/원천데이터", "2.Test/원천데이터"), ("train/images", "test/images"), ("train/train", "test/test"),
        ("data/train", "data/test"), ("pets/data/training_set", "pets/data/test_set"), ("pets-train", "pets-test"),
        (unicodedata.normalize("NFD", "훈련"), unicodedata.normalize("NFD", "시험")),
    ],
)  # fmt: skip
def test_parts_of_a_split_by_other_names(train: str, test: str, tmp_path: Path) -> None:
    tree(tmp_path, *(f"{part}/{name}/1.jpg" for part in (train, test) for name in ("cat", "dog")))
    source = opened(tmp_path)
    assert counts(source) == BOTH
    assert source.rejected == []
    assert ("parts" in kinds(source)) == ("train" not in train.split("/"))


@pytest.mark.parametrize("part", ["val", "validation", "valid_set", "검증", "Validation", "검증용"])
def test_validation_by_other_names(part: str, tmp_path: Path) -> None:
    tree(tmp_path, *(f"{one}/{name}/1.jpg" for one in ("train", part) for name in ("cat", "dog")))
    assert {split for split, _ in counts(opened(tmp_path))} == {"train", "val"}


@pytest.mark.parametrize(
    "name", ["train_station", "test_tube", "trainer", "latest", "contest", "test_", "평가단원", "valid point"]
)
def test_names_that_only_hold_such_a_word_are_classes(name: str, tmp_path: Path) -> None:
    assert part_of_name(name) is None
    source = opened(tree(tmp_path, f"{name}/1.jpg", "other/1.jpg", "third/1.jpg"))
    assert {item.label for item in source.items} == {name, "other", "third"}


def test_one_folder_around_everything_is_looked_through_and_told(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, "pets/cat/1.jpg", "pets/dog/1.jpg", "README.txt"))
    assert {item.label for item in source.items} == {"cat", "dog"}
    assert [one.message for one in source.warnings] == [
        "everything lies in the folder pets, so the folders in it are the classes (cat, dog)"
    ]


def test_folders_of_the_same_names_in_classes_are_told(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, *(f"{fold}/{name}/1.jpg" for fold in ("fold1", "fold2") for name in ("cat", "dog"))))
    assert {item.label for item in source.items} == {"fold1", "fold2"}
    (warning,) = source.warnings
    assert warning.kind == "nested-classes"
    assert "fold1, fold2" in warning.message and "(cat, dog)" in warning.message


def test_a_test_folder_of_loose_pictures_is_left_out_and_told(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "test/1.jpg", "test/2.jpg"))
    assert counts(source) == {("train", "cat"): 1, ("train", "dog"): 1}
    assert reasons(source) == dict.fromkeys(("test/1.jpg", "test/2.jpg"), "not in a class folder of test")
    assert kinds(source) == {"part-without-classes"}


def test_a_test_folder_beside_class_folders(tmp_path: Path) -> None:
    source = opened(tree(tmp_path / "a", "cat/1.jpg", "dog/1.jpg", "test/1.jpg"))
    assert {item.label for item in source.items} == {"cat", "dog"}
    assert list(reasons(source)) == ["test/1.jpg"]
    assert kinds(source) == {"part-beside"}
    source = opened(tree(tmp_path / "b", "cat/1.jpg", "dog/1.jpg", "val/cat/2.jpg", "val/dog/2.jpg"))
    assert counts(source) == {(None, "cat"): 1, (None, "dog"): 1, ("val", "cat"): 1, ("val", "dog"): 1}
    assert kinds(source) == {"part-beside"}
    source = opened(tree(tmp_path / "c", "cat/1.jpg", "dog/1.jpg", "test_/1.jpg"))
    assert {item.label for item in source.items} == {"cat", "dog", "test_"}


@pytest.mark.parametrize("name", ["unlabeled", "Unlabelled", "unsup", "no_label", "미분류"])
def test_folders_without_labels_are_left_out_and_told(name: str, tmp_path: Path) -> None:
    for root, paths in (("a", ("", "train/")), ("b", ("",))):
        for prefix in paths[-1:]:
            source = opened(tree(tmp_path / root, *(f"{prefix}{one}/1.jpg" for one in ("cat", "dog", name))))
            assert {item.label for item in source.items} == {"cat", "dog"}
            assert list(reasons(source)) == [f"{prefix}{name}/1.jpg"]
            assert kinds(source) == {"unlabelled"}


def test_loose_pictures_in_train_and_test_are_refused_with_both_readings(tmp_path: Path) -> None:
    tree(tmp_path, "train/cat.1.jpg", "train/dog.1.jpg", "test/1.jpg", "train.csv")
    with pytest.raises(SourceError, match=r"folders of a split \(test, train\).*rename them.*--pattern.*train\.csv"):
        opened(tmp_path)
    source = opened(tmp_path, pattern=r"^(cat|dog)\.")
    assert counts(source) == {("train", "cat"): 1, ("train", "dog"): 1}


def test_a_list_beside_loose_parts_is_read(tmp_path: Path) -> None:
    tree(tmp_path, "train/1.jpg", "train/2.jpg", "val/3.jpg", "val/4.jpg")
    (tmp_path / "train.txt").write_text("train/1.jpg cat\ntrain/2.jpg dog\n")
    (tmp_path / "val_list.txt").write_text("val/3.jpg cat\nval/4.jpg dog\n")
    expected = [("train", "cat"), ("train", "dog"), ("val", "cat"), ("val", "dog")]
    assert counts(opened(tmp_path)) == dict.fromkeys(expected, 1)


def test_a_pattern_finds_parts_by_other_names_and_below_one_folder(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, *(f"pets/{p}/{n}_1.jpg" for p in ("train_set", "시험") for n in ("cat", "dog"))),
                    pattern=r"^([a-z]+)_")  # fmt: skip
    assert counts(source) == BOTH


def test_folders_of_documents_are_no_classes(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, "images/cat/1.jpg", "images/dog/1.jpg", "annotations/cat/1.xml", "labels.txt"))
    assert {item.label for item in source.items} == {"cat", "dog"}
    assert set(reasons(source)) == {"annotations/cat/1.xml", "labels.txt"}


@pytest.mark.parametrize(
    "paths",
    [
        ("images/train/1.jpg", "images/val/2.jpg", "labels/train/1.txt", "labels/val/2.txt"),
        ("train/images/1.jpg", "train/labels/1.txt", "valid/images/2.jpg", "valid/labels/2.txt"),
        ("images/1.jpg", "labels/1.txt"),
    ],
)
def test_the_layouts_of_detection_are_refused_and_never_become_classes(paths: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        opened(tree(tmp_path, *paths))
    assert "folders of a split (train, val)" in str(error.value) or "finding objects" in str(error.value)


RUBBISH = (
    "@eaDir/000.png/SYNOPHOTO_THUMB_S.jpg", "cat/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/old/1.jpg",
    "$RECYCLE.BIN/S-1-5/1.jpg", "System Volume Information/x", "lost+found/1.jpg", "__MACOSX/cat/._1.jpg",
    "cat/._1.jpg", ".DS_Store", "dog/Thumbs.db", ".ipynb_checkpoints/1.jpg", "cat/.thumbnails/1.jpg",
    ".Trash-1000/files/1.jpg",    ".git/HEAD", "@Recycle/1.jpg", ".@__thumb/1.jpg", "cat/desktop.ini",
)  # fmt: skip


def test_rubbish_of_systems_is_left_out_and_counted(tmp_path: Path) -> None:
    tree(tmp_path / "disk", "cat/1.jpg", "dog/1.jpg")
    for path in RUBBISH:
        (tmp_path / "disk" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "disk" / path).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in ("cat/1.jpg", "dog/1.jpg", *RUBBISH):
            archive.write(tmp_path / "disk" / path, path)
    for place in (tmp_path / "disk", tmp_path / "a.zip"):
        source = opened(place)
        assert [item.path for item in source.items] == ["cat/1.jpg", "dog/1.jpg"]
        assert source.rejected == []
        assert kinds(source) == {"hidden"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Cat", "cat", "dog"), {"Cat", "dog"}),
        (("dog", "dog ", "cat"), {"dog", "cat"}),
        (("dog", "\uff44\uff4f\uff47", "cat"), {"dog", "cat"}),
        (("dog", "do\u200bg", "cat"), {"dog", "cat"}),
        (("dog\ufeff", "cat"), {"dog", "cat"}),
        (("a\u00a0b", "a b", "cat"), {"a b", "cat"}),
    ],
)
def test_class_folders_that_nobody_can_tell_apart_are_one_class(
    names: tuple[str, ...], expected: set[str], tmp_path: Path
) -> None:
    write_class_folders(tmp_path, names, 2)
    source = opened(tmp_path)
    assert {item.label for item in source.items} == expected
    assert len(source.items) == 2 * len(names)
    assert kinds(source) == {"spelling"}


@pytest.mark.parametrize(
    "names",
    [("golden retriever", "golden_retriever"), ("cat", "cats"), ("1", "01"), ("A", "a"), ("새 집", "새_집")],
)  # fmt: skip
def test_class_folders_that_look_alike_stay_apart_and_are_told(names: tuple[str, str], tmp_path: Path) -> None:
    write_class_folders(tmp_path, (*names, "fox"), 1)
    source = opened(tmp_path)
    assert {item.label for item in source.items} == {*names, "fox"}
    (warning,) = source.warnings
    assert warning.kind == "alike-classes"
    assert all(repr(name) in warning.message for name in names)


@pytest.mark.parametrize("names", [("None", "NA", "nan"), ("cat", "dog"), ("glass", "glasses"), ("👨‍👩‍👧", "👨")])
def test_other_names_stay_as_they_are_and_nothing_is_told(names: tuple[str, ...], tmp_path: Path) -> None:
    write_class_folders(tmp_path, names, 1)
    source = opened(tmp_path)
    assert {item.label for item in source.items} == set(names)
    assert source.warnings == []


def test_names_are_composed_once_and_read_as_they_are_written(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "고양이")
    folder = write_class_folders(tmp_path / "mac", (apart, unicodedata.normalize("NFD", "강아지")), 2)
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as archive:
        for path in sorted(folder.rglob("*.jpg")):
            archive.write(path, path.relative_to(folder).as_posix())
    for place in (folder, tmp_path / "mac.zip"):
        source = opened(place)
        assert {item.label for item in source.items} == {"고양이", "강아지"}
        assert all(unicodedata.is_normalized("NFC", item.path) for item in source.items)
        assert all(source.read(item)[:2] == b"\xff\xd8" for item in source.items)
        assert source.warnings == []


def test_a_zip_of_korean_windows_has_syllables_that_euc_kr_lacks(tmp_path: Path) -> None:
    for letter, name in (("a", "뷁뷁"), ("b", "똠방각하")):
        save(tmp_path / letter / "1.jpg", picture(ord(letter)))
        raw = name.encode("cp949")
        with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
            archive.write(tmp_path / letter / "1.jpg", letter * len(raw) + "/1.jpg")
    data = (tmp_path / "a.zip").read_bytes()
    for letter, name in (("a", "뷁뷁"), ("b", "똠방각하")):
        raw = name.encode("cp949")
        data = data.replace(letter.encode() * len(raw) + b"/1", raw + b"/1")
    (tmp_path / "a.zip").write_bytes(data)
    assert {item.label for item in opened(tmp_path / "a.zip").items} == {"뷁뷁", "똠방각하"}


def test_a_table_beside_class_folders_is_told(tmp_path: Path) -> None:
    source = opened(tree(tmp_path, "cat/1.jpg", "dog/1.jpg", "labels.csv"))
    assert kinds(source) == {"table-beside"}


def test_folders_beside_the_parts_that_are_not_read_are_told(tmp_path: Path) -> None:
    parts = ("training", "validation", "evaluation")
    source = opened(tree(tmp_path, *(f"{part}/{name}/1.jpg" for part in parts for name in ("cat", "dog"))))
    assert {split for split, _ in counts(source)} == {"train", "val"}
    assert kinds(source) == {"not-read"}


def test_parts_without_one_to_train_on_are_no_classes(tmp_path: Path) -> None:
    names = [f"{part}/{name}/{n}.jpg" for part in ("val", "test") for name in ("cat", "dog") for n in (1, 2)]
    tree(tmp_path / "p", *names)
    with pytest.raises(SourceError, match=r"training set has no usable picture of 'cat', 'dog'"):
        create_dataset(DatasetRecipe(source=str(tmp_path / "p"), width=8, height=8, twins=False), tmp_path / "out")


def test_parts_in_the_names_of_class_folders_are_told(tmp_path: Path) -> None:
    names = [f"{part}_{name}" for part in ("train", "test") for name in ("cat", "dog")]
    source = opened(tree(tmp_path, *(f"{name}/1.jpg" for name in names)))
    assert {item.label for item in source.items} == set(names)
    assert kinds(source) == {"parts-in-names"}


def test_a_table_beside_a_folder_of_pictures_is_the_way_out_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"one class \(images, 2 files\).*There is a table, labels\.csv"):
        opened(tree(tmp_path, "images/1.jpg", "images/2.jpg", "labels.csv"))
