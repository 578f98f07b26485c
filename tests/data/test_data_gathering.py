"""Pictures to classify: lists and tables with labels and without, beside their pictures or far from them."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from glasshouse.data.sources.gathering import Pictures, find_pictures
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


def packed(place: Path, form: str, files: dict[str, bytes]) -> str:
    """Write an archive beside the pictures and return its path."""
    path = place / f"pictures.{form}"
    folder = place / "packed"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as tar:
            tar.add(folder, arcname=".")
    return str(path)


SHOTS = {f"p {number}.png": png_bytes(picture(number)) for number in range(3)}


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    ("top", "name", "text"),
    [
        ("", "t.csv", "path,label\np 2.png,dog\np 0.png,cat\n"),
        ("", "t.txt", "p 2.png 1\np 0.png 0\n"),
        ("all of it/", "t.csv", "file;class\np 2.png;dog\n.\\p 0.png;cat\n"),
    ],
)
def test_a_list_at_the_top_of_an_archive_tells_the_truth(
    tmp_path: Path, form: str, top: str, name: str, text: str
) -> None:
    files = {f"{top}{path}": data for path, data in {**SHOTS, name: text.encode()}.items()}
    found = truths(find_pictures(packed(tmp_path, form, files), CLASSES))
    assert list(found.items()) == [(f"{top}p 2.png", "dog"), (f"{top}p 0.png", "cat"), (f"{top}p 1.png", None)]


def test_names_of_numbers_and_paths_without_labels_in_an_archive(tmp_path: Path) -> None:
    files = {**SHOTS, "t.txt": b"p 0.png 1\np 1.png 0\n", "labels.txt": b"fox\ncat\n"}
    assert truths(find_pictures(packed(tmp_path, "zip", files), CLASSES)) == {
        "p 0.png": "cat", "p 1.png": "fox", "p 2.png": None
    }  # fmt: skip
    only = find_pictures(packed(tmp_path, "zip", {**SHOTS, "t.txt": b"p 1.png\n"}), CLASSES)
    assert (list(only.paths), set(only.truths)) == (["p 1.png", "p 0.png", "p 2.png"], {None})


def test_a_list_in_an_archive_names_nothing_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "outside.png").write_bytes(SHOTS["p 0.png"])
    lines = ["path,label", "p 0.png,cat", f"{tmp_path}/outside.png,dog", "../outside.png,dog", "outside.png,dog"]
    found = find_pictures(packed(tmp_path, "zip", {**SHOTS, "t.csv": "\n".join(lines).encode()}), CLASSES)
    assert list(found.paths[:1]) == ["p 0.png"] and len(found.paths) == 6
    for path in (f"{tmp_path}/outside.png", "../outside.png", "outside.png"):
        with pytest.raises(PictureError, match="there is no such file"):
            found.read(found.paths.index(path))


def test_a_text_in_an_archive_that_is_no_list_is_told_as_no_picture(tmp_path: Path) -> None:
    for text in (b"Pictures of last summer.", b"", b"\0\1\2"):
        found = find_pictures(packed(tmp_path, "zip", {**SHOTS, "readme.txt": text}), CLASSES)
        assert sorted(found.paths) == [*sorted(SHOTS), "readme.txt"]


@pytest.mark.parametrize("form", ["zip", "tar.gz", "folder"])
def test_a_list_tells_the_truth_of_pictures_in_folders_that_are_no_classes(tmp_path: Path, form: str) -> None:
    files = {"one/p 0.png": SHOTS["p 0.png"], "two/p 1.png": SHOTS["p 1.png"], "loose.png": SHOTS["p 2.png"]}
    source = packed(tmp_path, form if form != "folder" else "zip", {**files, "t.csv": b"path,label\ntwo/p 1.png,fox\n"})
    found = find_pictures(str(tmp_path / "packed") if form == "folder" else source, CLASSES)
    assert truths(found) == {"two/p 1.png": "fox", "loose.png": None, "one/p 0.png": None}


@pytest.mark.parametrize("form", ["zip", "tar.gz", "folder"])
def test_pictures_beside_class_folders_are_classified_without_truth(tmp_path: Path, form: str) -> None:
    files = {"cat/p 0.png": SHOTS["p 0.png"], "dog/p 1.png": SHOTS["p 1.png"], "loose.png": SHOTS["p 2.png"]}
    source = packed(tmp_path, form if form != "folder" else "zip", files)
    found = find_pictures(str(tmp_path / "packed") if form == "folder" else source, CLASSES)
    assert truths(found) == {"cat/p 0.png": "cat", "dog/p 1.png": "dog", "loose.png": None}


def test_pictures_beside_train_and_val_are_classified_without_truth(folder: Path) -> None:
    for place in ("train/cat", "train/dog", "val/cat", "val/dog", "more"):
        (folder / place).mkdir(parents=True)
        (folder / place / "a.png").write_bytes(SHOTS["p 0.png"])
    found = truths(find_pictures(str(folder), CLASSES))
    assert {path for path, truth in found.items() if truth is None} == {f"p {n}.png" for n in range(4)} | {"more/a.png"}
    assert found["val/dog/a.png"] == "dog" and len(found) == 9
