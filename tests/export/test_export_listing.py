"""Which pictures files, folders and lists stand for."""

import io
import os
from pathlib import Path

import pytest

from glasshouse.errors import InputError
from glasshouse.export.listing import list_pictures


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pictures (empty files: nothing is opened), which is the working folder."""
    for name in ("b.jpg", "a b 3.jpg", "sub/c.png", "sub/deeper/강아지.webp", ".DS_Store", "sub/.hidden.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_stands_for_itself_and_a_folder_for_all_below_it(here: Path) -> None:
    assert list(list_pictures(["b.jpg", "nope.jpg"])) == ["b.jpg", "nope.jpg"]
    assert list(list_pictures(["sub"])) == ["sub/c.png", "sub/deeper/강아지.webp"]
    assert list(list_pictures(["."])) == ["a b 3.jpg", "b.jpg", "sub/c.png", "sub/deeper/강아지.webp"]
    assert list(list_pictures(["sub/deeper", "b.jpg", "sub/deeper"])) == [
        "sub/deeper/강아지.webp", "b.jpg", "sub/deeper/강아지.webp",
    ]  # fmt: skip


def test_links_that_loop_end(here: Path) -> None:
    (here / "sub" / "loop").symlink_to(here, target_is_directory=True)
    found = list(list_pictures(["sub"]))
    assert found[0] == "sub/c.png"
    assert len(found) < 10


@pytest.mark.parametrize("name", ["list.txt", "list.lst", "list.LIST"])
def test_a_text_list_may_have_labels_and_names_with_spaces(here: Path, name: str) -> None:
    text = "\ufeffb.jpg\n\na b 3.jpg\nb.jpg 0\na b 3.jpg dog\r\nsub/c.png   12\nlost.png 7\nlost one.png\n"
    (here / name).write_text(text, encoding="utf-8")
    expected = ["b.jpg", "a b 3.jpg", "b.jpg", "a b 3.jpg", "sub/c.png", "lost.png", "lost one.png"]
    assert list(list_pictures([name])) == expected


def test_paths_in_a_list_may_begin_at_the_list(here: Path) -> None:
    (here / "sub" / "list.txt").write_text("c.png\nb.jpg\ndeeper/강아지.webp 3\n", encoding="utf-8")
    assert list(list_pictures(["sub/list.txt"])) == ["sub/c.png", "b.jpg", "sub/deeper/강아지.webp"]
    absolute = here / "b.jpg"
    (here / "sub" / "list.txt").write_text(f"{absolute}\n")
    assert list(list_pictures(["sub/list.txt"])) == [str(absolute)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "label,path\ncat,b.jpg\ndog,sub/c.png\n,\n"),
        ("t.csv", "Filename\nb.jpg\nsub/c.png\n"),
        ("t.csv", 'b.jpg,cat\n"sub/c.png",dog\n'),
        ("t.tsv", "label\timage\ncat\tb.jpg\ndog\tsub/c.png\nshort\n"),
    ],
)
def test_a_table_has_a_column_of_paths(here: Path, name: str, text: str) -> None:
    (here / name).write_text(text)
    assert list(list_pictures([name])) == ["b.jpg", "sub/c.png"]


def test_a_dash_is_a_list_on_stdin_that_is_read_line_by_line(here: Path) -> None:
    lines = io.StringIO("b.jpg\nsub/c.png\nlost.png\n")
    found = list_pictures(["-", "b.jpg"], lines)
    assert next(found) == "b.jpg"
    assert lines.readline() == "sub/c.png\n"
    assert list(found) == ["lost.png", "b.jpg"]


def test_a_name_that_is_no_unicode_is_kept(here: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.png")
    try:
        (here / name).touch()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    (here / "list.txt").write_bytes(b"\xff\xfe.png\n")
    assert list(list_pictures(["list.txt"])) == [name]


def test_odd_lines_are_kept_as_they_are(here: Path) -> None:
    (here / "list.txt").write_text("x" * 5000 + "\na\0b\n")
    assert list(list_pictures(["list.txt"])) == ["x" * 5000, "a\0b"]


def test_empty_lists_and_lists_that_cannot_be_read(here: Path) -> None:
    for name in ("empty.txt", "empty.csv"):
        (here / name).touch()
        assert list(list_pictures([name])) == []
    with pytest.raises(InputError, match=r"The list lost\.txt cannot be read"):
        list(list_pictures(["lost.txt"]))
