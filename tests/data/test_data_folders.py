"""Folders as sources: class folders, train/val/test folders, and everything odd that can lie in them."""

import os
import socket
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glasshouse.data.decoding.picture import decode
from glasshouse.data.items import Source
from glasshouse.data.sources.source import open_source, source_paths
from glasshouse.errors import PictureError, RecipeError, SourceError
from glasshouse.recipe import DatasetRecipe
from pictures import jpeg_bytes, picture, save, write_class_folders, write_splits


def opened(source: Path, **fields: object) -> Source:
    return open_source(DatasetRecipe(source=str(source), **fields))


def labels_of(source: Source) -> set[str]:
    return {item.label for item in source.items}


def reasons(source: Source) -> dict[str, str]:
    return {one.path: one.reason for one in source.rejected}


def test_class_folders(tmp_path: Path) -> None:
    source = opened(write_class_folders(tmp_path, ("dog", "cat"), 3))
    assert [item.path for item in source.items] == sorted(item.path for item in source.items)
    assert [(item.label, item.split) for item in source.items] == [("cat", None)] * 3 + [("dog", None)] * 3
    assert source.classes is None
    assert source.rejected == source.warnings == []
    assert decode(source.read(source.items[0])).shape == (30, 40, 3)
    assert [file.path for file in source.listing()] == [item.path for item in source.items]
    assert source.items[0].time == pytest.approx((tmp_path / "cat/cat.0.jpg").stat().st_mtime)


def test_deeper_folders_belong_to_the_class_of_the_first(tmp_path: Path) -> None:
    write_class_folders(tmp_path, ("cat", "dog"), 1)
    save(tmp_path / "cat" / "2024" / "may" / "x.jpg", picture(9))
    assert [i.path for i in opened(tmp_path).items if i.label == "cat"] == ["cat/2024/may/x.jpg", "cat/cat.0.jpg"]


@pytest.mark.parametrize("words", ["train val test", "training validation testing", "Train Valid TEST"])
def test_split_folders(words: str, tmp_path: Path) -> None:
    source = opened(write_splits(tmp_path, dict(zip(words.split(), (3, 2, 1)))))
    assert labels_of(source) == {"cat", "dog"}
    counts = {split: sum(item.split == split for item in source.items) for split in ("train", "val", "test")}
    assert counts == {"train": 6, "val": 4, "test": 2}


def test_train_as_a_class_is_a_class(tmp_path: Path) -> None:
    source = opened(write_class_folders(tmp_path, ("train", "car", "plane"), 2))
    assert labels_of(source) == {"train", "car", "plane"}
    assert {item.split for item in source.items} == {None}


def test_files_outside_of_class_folders_are_listed(tmp_path: Path) -> None:
    write_splits(tmp_path, {"train": 2, "val": 1})
    for path in ("README.md", "train/loose.jpg", "other/a/b.jpg"):
        save(tmp_path / path, picture(0))
    assert reasons(opened(tmp_path)) == {
        "README.md": "not in one of the folders train, val",
        "other/a/b.jpg": "not in one of the folders train, val",
        "train/loose.jpg": "not in a class folder of train",
    }


def test_names_of_any_script_and_odd_characters_stay_unchanged(tmp_path: Path) -> None:
    names = ("강아지", "고양이 둘", "a_b", "a b", "été", "猫", "🐶", "a'b\"c", "x.y", "-v", "%20")
    source = opened(write_class_folders(tmp_path, names, 1))
    assert labels_of(source) == set(names)
    assert len(source.items) == len(names)


def test_two_spellings_of_unicode_are_one_class(tmp_path: Path) -> None:
    composed, apart = "고양이", unicodedata.normalize("NFD", "고양이")
    write_class_folders(tmp_path, (composed, apart, "dog"), 2)
    if len(os.listdir(tmp_path)) < 3:
        pytest.skip("this file system does not tell the spellings apart")
    source = opened(tmp_path)
    assert labels_of(source) == {composed, "dog"}
    assert len(source.items) == 6
    assert [warning.kind for warning in source.warnings] == ["spelling"]


def test_hidden_files_are_passed_over_and_told(tmp_path: Path) -> None:
    write_class_folders(tmp_path, each=1)
    for path in (".DS_Store", "cat/.hidden.jpg", "cat/Thumbs.db", "__MACOSX/cat/x.jpg", ".git/config"):
        save(tmp_path / path, picture(0))
    source = opened(tmp_path)
    assert len(source.items) == 2
    assert source.rejected == []
    (warning,) = source.warnings
    assert warning.kind == "hidden"
    assert "5 hidden" in warning.message
    assert "cat/Thumbs.db" in warning.message


def test_any_file_of_a_class_folder_is_tried_whatever_its_ending(tmp_path: Path) -> None:
    write_class_folders(tmp_path, each=1)
    (tmp_path / "cat" / "no-ending").write_bytes(jpeg_bytes(picture(3)))
    (tmp_path / "cat" / "README.txt").write_text("about cats")
    (tmp_path / "cat" / "empty.jpg").touch()
    source = opened(tmp_path)
    by_path = {item.path: item for item in source.items}
    assert decode(source.read(by_path["cat/no-ending"])).shape == (30, 40, 3)
    for path, reason in (("cat/README.txt", "not a picture"), ("cat/empty.jpg", "zero bytes")):
        with pytest.raises(PictureError, match=reason):
            decode(source.read(by_path[path]))


def test_links_that_loop_or_lead_nowhere_are_listed(tmp_path: Path) -> None:
    root = write_class_folders(tmp_path / "pets", each=2)
    outside = write_class_folders(tmp_path / "more", ("bird",), 2) / "bird"
    (root / "bird").symlink_to(outside)
    (root / "cat" / "up").symlink_to(root)
    (root / "cat" / "self").symlink_to(root / "cat" / "self")
    (root / "cat" / "gone.jpg").symlink_to(root / "nowhere")
    (root / "cat" / "one.jpg").symlink_to(root / "cat" / "cat.0.jpg")
    (root / "aardvark").symlink_to(root / "dog")
    source = opened(root)
    assert labels_of(source) == {"bird", "cat", "dog"}
    assert len(source.items) == 7
    assert reasons(source) == {
        "aardvark": "a link to a folder that is read already: dog",
        "cat/gone.jpg": "a link that leads nowhere",
        "cat/self": "a link that leads nowhere",
        "cat/up": "a link to a folder that is read already: the source itself",
    }


def test_a_link_to_a_folder_around_the_source_is_not_followed(tmp_path: Path) -> None:
    root = write_class_folders(tmp_path / "around" / "pets", each=1)
    write_class_folders(tmp_path / "around" / "others", each=1)
    (root / "cat" / "up").symlink_to(root.parent)
    source = opened(root)
    assert len(source.items) == 2
    assert reasons(source) == {"cat/up": "a link to a folder that contains the source itself"}


def test_special_files_are_listed_and_never_waited_for(tmp_path: Path) -> None:
    write_class_folders(tmp_path, each=1)
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    before = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path / "cat")  # names of sockets must be short
        try:
            server.bind("socket.jpg")
        finally:
            os.chdir(before)
        source = opened(tmp_path)
    assert reasons(source) == {
        "cat/pipe.jpg": "not a file but a named pipe",
        "cat/socket.jpg": "not a file but a socket",
    }
    with pytest.raises(PictureError, match="named pipe"):
        decode(tmp_path / "cat" / "pipe.jpg")


@contextmanager
def powerless() -> Iterator[Path]:
    """Yield a folder, as a user whom permissions concern (root drops its rights meanwhile)."""
    with tempfile.TemporaryDirectory() as name:
        folder, me = Path(name), os.geteuid()
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            os.seteuid(me)
            for path in folder.rglob("*"):
                path.chmod(stat.S_IRWXU)


def drop_rights() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_what_may_not_be_read_is_listed() -> None:
    with powerless() as root:
        write_class_folders(root, ("cat", "dog", "bird"), 2)
        (root / "bird").chmod(0)
        (root / "cat" / "cat.0.jpg").chmod(0)
        drop_rights()
        source = opened(root)
        assert labels_of(source) == {"cat", "dog"}
        assert reasons(source) == {"bird": "no permission to read the folder"}
        with pytest.raises(PictureError, match="no permission"):
            source.read(source.items[0])


def test_a_source_that_may_not_be_read() -> None:
    with powerless() as root:
        write_class_folders(root / "pets")
        (root / "pets").chmod(0)
        drop_rights()
        with pytest.raises(SourceError, match="no permission"):
            opened(root / "pets")
        with pytest.raises(SourceError):
            opened(root / "pets" / "cat")


def test_a_file_that_went_away_is_a_reason(tmp_path: Path) -> None:
    source = opened(write_class_folders(tmp_path, each=1))
    (tmp_path / "cat" / "cat.0.jpg").unlink()
    with pytest.raises(PictureError, match="no such file"):
        source.read(source.items[0])


def test_separate_sources_for_validation_and_test(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "a", each=3)
    write_class_folders(tmp_path / "b", ("cat", "dog", "fox"), 2)
    write_splits(tmp_path / "c", {"train": 1, "val": 1})
    (tmp_path / "b" / "README").touch()
    source = opened(tmp_path / "a", valid_source=str(tmp_path / "b"), test_source=str(tmp_path / "c"))
    counts = {split: sum(item.split == split for item in source.items) for split in (None, "val", "test")}
    assert counts == {None: 6, "val": 6, "test": 4}
    assert "@valid/fox/fox.1.jpg" in {item.path for item in source.items}
    assert len({item.path for item in source.items}) == len(source.items) == len(source.listing())
    assert {item.path for item in source.items} == {file.path for file in source.listing()}
    assert reasons(source) == {"@valid/README": "not in a class folder"}
    for item in source.items:
        assert decode(source.read(item)).shape == (30, 40, 3)


@pytest.mark.parametrize("field", ["source", "valid_source", "test_source"])
def test_a_missing_folder_is_named(field: str, tmp_path: Path) -> None:
    write_class_folders(tmp_path / "a")
    recipe = DatasetRecipe(**{"source": str(tmp_path / "a"), field: str(tmp_path / "nope")})
    with pytest.raises(SourceError, match=r"there is no .*nope"):
        open_source(recipe)


def test_sources_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no files"):
        opened(tmp_path)
    (tmp_path / ".hidden").touch()
    with pytest.raises(SourceError, match=r"holds no files.*hidden"):
        opened(tmp_path)
    (tmp_path / "cat").mkdir()
    (tmp_path / "dog").mkdir()
    with pytest.raises(SourceError, match="holds no files"):
        opened(tmp_path)
    save(tmp_path / "cat" / "1.jpg", picture(0))
    with pytest.raises(SourceError, match=r"one class \(cat, 1 files\)"):
        opened(tmp_path)
    with pytest.raises(SourceError, match=r"4 files and no class folders.*--pattern"):
        opened(write_class_folders(tmp_path / "flat", ("cat",), 4) / "cat")
    with pytest.raises(SourceError, match="a kind that is no source"):
        opened(tmp_path / "cat" / "1.jpg")
    with pytest.raises(SourceError, match="nothing is loaded from the network"):
        opened(Path("https://example.org/pets.zip"))
    with pytest.raises(RecipeError, match="a letter that cannot be kept"):
        opened(Path("nul\0byte"))


def test_a_table_beside_loose_pictures_is_pointed_out(tmp_path: Path) -> None:
    save(tmp_path / "1.jpg", picture(0))
    (tmp_path / "labels.csv").write_text("path,label\n1.jpg,cat\n")
    with pytest.raises(SourceError, match=r"There is a table, labels.csv"):
        opened(tmp_path)


def test_empty_class_folders_are_told(tmp_path: Path) -> None:
    write_class_folders(tmp_path, {"cat": 1, "dog": 1, "fox": 0})
    (warning,) = opened(tmp_path).warnings
    assert (warning.kind, warning.message) == ("empty-class", "the class folder fox holds no files")


def test_the_paths_of_a_source(tmp_path: Path) -> None:
    write_class_folders(tmp_path, each=1)
    (tmp_path / ".x").touch()
    assert source_paths(str(tmp_path)) == ["cat/cat.0.jpg", "dog/dog.0.jpg"]


def test_file_names_that_are_not_unicode_are_listed(tmp_path: Path) -> None:
    write_class_folders(tmp_path, each=1)
    try:
        Path(os.fsdecode(os.fsencode(tmp_path / "cat") + b"/\xff\xfe.jpg")).touch()
    except OSError:
        pytest.skip("this file system takes no such name")
    source = opened(tmp_path)
    assert len(source.items) == 2
    assert [one.reason for one in source.rejected] == ["its name is not valid Unicode"]
