"""Pictures to classify: lists and tables with labels and without, beside their pictures or far from them."""

from pathlib import Path

import pytest

from glasshouse.data.gathering import Pictures, find_pictures
from glasshouse.errors import PictureError, SourceError
from pictures import picture, png_bytes

CLASSES = ("cat", "dog", "fox")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        (tmp_path / f"p {number}.png").write_bytes(png_bytes(picture(number)))
    return tmp_path


def listed(folder: Path, name: str, *lines: str) -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def truths(found: Pictures) -> dict[str, str | None]:
    for index in range(len(found.paths)):
        assert isinstance(found.read(index), bytes)
    return dict(zip(found.paths, found.truths))


def test_a_list_without_labels_may_have_absolute_paths_and_spaces(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("lists")
    path = listed(elsewhere, "these.txt", f"{folder}/p 0.png", "", f"{folder}/p 1.png")
    assert truths(find_pictures(str(path), CLASSES)) == {f"{folder}/p 0.png": None, f"{folder}/p 1.png": None}
    path = listed(folder, "these.txt", "p 0.png", "p 3.png")
    assert truths(find_pictures(str(path), CLASSES)) == {"p 0.png": None, "p 3.png": None}


def test_a_list_of_one_class_is_scored_too(folder: Path) -> None:
    path = listed(folder, "foxes.txt", "p 0.png fox", "p 1.png fox")
    assert truths(find_pictures(str(path), CLASSES)) == {"p 0.png": "fox", "p 1.png": "fox"}
    path = listed(folder, "foxes.csv", "path,label", "p 0.png,fox")
    assert truths(find_pictures(str(path), CLASSES)) == {"p 0.png": "fox"}


def test_numbers_count_the_classes_as_in_digits(folder: Path) -> None:
    path = listed(folder, "numbers.txt", "p 0.png 2", "p 1.png 0")
    assert truths(find_pictures(str(path), CLASSES)) == {"p 0.png": "fox", "p 1.png": "cat"}
    assert truths(find_pictures(str(path), ("2", "1", "0"))) == {"p 0.png": "2", "p 1.png": "0"}
    path = listed(folder, "numbers.txt", "p 0.png 2", "p 1.png 3")
    assert set(truths(find_pictures(str(path), CLASSES)).values()) == {None}


@pytest.mark.parametrize(
    "lines", [("picture,size", "p 0.png,3", "p 1.png,4"), ("path", "p 0.png", "p 1.png"), ("p 0.png", "p 1.png")]
)
def test_a_table_without_labels(folder: Path, lines: tuple[str, ...]) -> None:
    found = find_pictures(str(listed(folder, "these.csv", *lines)), CLASSES)
    assert truths(found) == {"p 0.png": None, "p 1.png": None}


@pytest.mark.parametrize(
    ("name", "lines"), [("t.csv", ("path,label", "p 2.png,dog", "p 0.png,cat")), ("t.txt", ("p 2.png 1", "p 0.png 0"))]
)
def test_a_list_among_its_pictures_names_them_first(folder: Path, name: str, lines: tuple[str, ...]) -> None:
    listed(folder, name, *lines)
    found = truths(find_pictures(str(folder), CLASSES))
    assert list(found.items()) == [("p 2.png", "dog"), ("p 0.png", "cat"), ("p 1.png", None), ("p 3.png", None)]


def test_a_text_that_is_no_list_is_told_as_no_picture(folder: Path) -> None:
    listed(folder, "readme.txt", "Pictures of last summer.")
    found = find_pictures(str(folder), CLASSES)
    assert sorted(found.paths) == ["p 0.png", "p 1.png", "p 2.png", "p 3.png", "readme.txt"]


def test_what_is_missing_is_told_line_by_line(folder: Path) -> None:
    found = find_pictures(str(listed(folder, "these.txt", "p 0.png", "gone.png", f"{folder}/away.png")), CLASSES)
    assert sorted(found.paths) == sorted(["p 0.png", "gone.png", f"{folder}/away.png"])
    with pytest.raises(PictureError, match="line 3: there is no such file"):
        found.read(found.paths.index(f"{folder}/away.png"))


def test_what_names_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        find_pictures(str(listed(folder, "these.txt", "")), CLASSES)
    with pytest.raises(SourceError, match="no column for the path"):
        find_pictures(str(listed(folder, "these.csv", "size,weight", "1,2")), CLASSES)
