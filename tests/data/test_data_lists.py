"""The text lists of DIGITS as sources, with the bad lines that its own tests try."""

from pathlib import Path

import pytest

from glasshouse.data.items import Source
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import write_class_folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "my pictures", each=3).parent


def opened(source: Path, **labels: str) -> Source:
    return open_source(DatasetRecipe(source=str(source), labels=LabelRecipe(**labels)))


def listed(folder: Path, name: str, *lines: str) -> Path:
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder / name


def test_numbers_and_a_labels_file(folder: Path) -> None:
    path = listed(folder, "all.txt", "my pictures/cat/cat.0.jpg 1", f"{folder}/my pictures/dog/dog.0.jpg\t0", "")
    listed(folder, "labels.txt", "dog", "고양이", "fox", "")
    source = opened(path)
    assert [(item.path, item.label) for item in source.items] == [
        ("my pictures/cat/cat.0.jpg", "고양이"),
        ("my pictures/dog/dog.0.jpg", "dog"),
    ]
    assert source.classes == ["dog", "고양이", "fox"]
    assert len(source.listing()) == 2
    elsewhere = listed(folder, "names.txt", "x", "y")
    assert (
        opened(path, labels_file="names.txt").classes == opened(path, labels_file=str(elsewhere)).classes == ["x", "y"]
    )


def test_relative_to_the_folder_of_pictures(folder: Path) -> None:
    path = listed(folder, "all.txt", "cat/cat.0.jpg 0", "dog/dog.0.jpg 1")
    for pictures in ("my pictures", str(folder / "my pictures")):
        source = opened(path, pictures=pictures)
        assert [item.path for item in source.items] == ["cat/cat.0.jpg", "dog/dog.0.jpg"]
        assert source.read(source.items[0]) == (folder / "my pictures/cat/cat.0.jpg").read_bytes()


def test_numbers_without_a_labels_file_keep_their_order(folder: Path) -> None:
    lines = [f"my pictures/cat/cat.{i}.jpg {label}" for i, label in enumerate((10, 9, 0))]
    assert opened(listed(folder, "all.txt", *lines)).classes == ["0", "9", "10"]


def test_words_are_names_where_there_is_no_labels_file(folder: Path) -> None:
    source = opened(listed(folder, "all.txt", "my pictures/cat/cat.0.jpg cat", "my pictures/dog/dog.0.jpg dog"))
    assert [item.label for item in source.items] == ["cat", "dog"]
    assert source.classes is None


def test_a_folder_of_lists(folder: Path) -> None:
    listed(folder, "train.txt", "my pictures/cat/cat.0.jpg 0", "my pictures/dog/dog.0.jpg 1")
    listed(folder, "val.txt", "my pictures/cat/cat.1.jpg 0", "my pictures/cat/cat.0.jpg 0")
    listed(folder, "test.txt", "my pictures/dog/dog.1.jpg 1")
    listed(folder, "labels.txt", "cat", "dog")
    for source in (opened(folder), opened(folder, by="list")):
        assert [item.split for item in source.items] == ["train", "train", "val", "test"]
        assert [one.reason for one in source.rejected] == ["val.txt line 2: named before in train.txt line 1"]


def test_separate_lists(folder: Path) -> None:
    train = listed(folder, "a.txt", "my pictures/cat/cat.0.jpg 0", "my pictures/dog/dog.0.jpg 1")
    valid = listed(folder, "b.txt", "my pictures/cat/cat.1.jpg 0")
    source = open_source(DatasetRecipe(source=str(train), valid_source=str(valid)))
    assert [item.split for item in source.items] == [None, None, "val"]


def test_bad_lines_are_listed_with_their_numbers(folder: Path) -> None:
    path = listed(
        folder, "all.txt", "my pictures/cat/cat.0.jpg 0", "my pictures/dog/dog.0.jpg 1", "my pictures/dog/dog.1.jpg",
        "nolabel.jpg", "my pictures/dog/dog.1.jpg -1", "my pictures/dog/dog.1.jpg 2", "my pictures/dog/dog.1.jpg word",
        "nope.jpg 1", "http://example.org/x.jpg 1", "my pictures/cat/cat.0.jpg 1",
        "my pictures/dog/dog.1.jpg " + "9" * 5000,
    )  # fmt: skip
    listed(folder, "labels.txt", "cat", "dog")
    source = opened(path)
    assert len(source.items) == 2
    by_line = {one.reason.split(":")[0]: one.reason.split(": ", 1)[1] for one in source.rejected}
    assert by_line.keys() == {f"line {number}" for number in range(3, 12)}
    assert by_line["line 4"].startswith("it has no label")
    assert by_line["line 5"] == "its label is -1; expected a number from 0 to 1"
    assert by_line["line 6"] == "its label is 2; expected a number from 0 to 1"
    assert by_line["line 7"] == "its label is word; expected a number from 0 to 1"
    assert by_line["line 8"].startswith("there is no such file")
    assert by_line["line 10"] == "named before in line 1 with the label cat"


@pytest.mark.parametrize(
    ("names", "message"), [("", "is empty"), ("a\n\nb", "an empty line"), ("a\nb\na", "names a twice")]
)
def test_labels_files_that_cannot_be_used(names: str, message: str, folder: Path) -> None:
    path = listed(folder, "all.txt", "my pictures/cat/cat.0.jpg 0")
    listed(folder, "labels.txt", names)
    with pytest.raises(SourceError, match=message):
        opened(path)


def test_lists_that_cannot_be_used(folder: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        opened(listed(folder, "all.txt"))
    with pytest.raises(SourceError, match="has no list"):
        opened(folder / "my pictures", by="list")
    with pytest.raises(SourceError, match=r"labels file .* cannot be read"):
        opened(listed(folder, "all.txt", "x 0"), labels_file="nope.txt")
    with pytest.raises(SourceError, match="there is no"):
        opened(folder / "missing.txt")
