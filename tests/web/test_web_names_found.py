"""Names are kept composed and found in every spelling; pictures are shown as people count; tables open in Excel."""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasshouse.data.dataset import Dataset
from glasshouse.data.prepare import create_dataset
from glasshouse.data.sources.source import open_source
from glasshouse.data.stored.spreadsheet import BOM, ENCODING, cell, line, read_rows, uncell, write_rows
from glasshouse.errors import RefusedError
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset, list_datasets
from glasshouse.store.names import entered, spellings
from glasshouse.store.ownership import Listing
from glasshouse.store.places import check_named
from glasshouse.store.resources import change_resource
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.web.datasets.explorer import Search, beside, find
from glasshouse.web.datasets.exports import table
from glasshouse.web.datasets.sources import reader
from pictures import picture, save


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "allowed").mkdir()
    opened = open_store(tmp_path / "home", folders=(tmp_path / "allowed",))
    yield opened
    opened.close()


APART = unicodedata.normalize("NFD", "강아지")


def made(folder: Path, names: list[str]) -> Dataset:
    for number, name in enumerate(names):
        save(folder / "p" / name, picture(number))
    recipe = DatasetRecipe(source=str(folder / "p"), width=8, height=8, valid=0, twins=False)
    return create_dataset(recipe, folder / "out")


def test_pictures_are_shown_as_people_count_and_rows_stay(tmp_path: Path) -> None:
    dataset = made(tmp_path, [f"{label}/{n}.jpg" for label in ("a", "b") for n in (1, 2, 10, 11)])
    paths = list(dataset.splits["train"].paths)
    assert paths == sorted(paths)
    first = find(dataset, Search("train"), -1, most=3)
    assert [one.path for one in first.pictures] == ["a/1.jpg", "a/2.jpg", "a/10.jpg"]
    assert all(paths[one.row] == one.path for one in first.pictures)
    second = find(dataset, Search("train"), first.after or 0, most=3)
    assert [one.path for one in second.pictures] == ["a/11.jpg", "b/1.jpg", "b/2.jpg"]
    back = find(dataset, Search("train"), second.before or 0, backward=True, most=3)
    assert back.pictures == first.pictures
    row = paths.index("a/10.jpg")
    assert [paths[one] for one in beside(dataset, Search("train", "a"), row) if one is not None] == [
        "a/2.jpg",
        "a/11.jpg",
    ]
    assert beside(dataset, Search("train", "a"), paths.index("a/11.jpg"))[1] is None


@pytest.mark.parametrize("typed", ["강아지", APART])
def test_pictures_are_found_however_a_name_is_spelled(typed: str, tmp_path: Path) -> None:
    dataset = made(tmp_path, [f"{APART}/{APART} {n}.jpg" for n in range(2)] + ["고양이/1.jpg", "고양이/2.jpg"])
    assert dataset.classes == ("강아지", "고양이")
    assert find(dataset, Search("train", words=typed), -1).total == 2


def test_pictures_of_datasets_that_keep_paths_as_a_mac_wrote_them_are_read_again(tmp_path: Path) -> None:
    for name in (APART, "고양이"):
        save(tmp_path / "p" / name / "1.jpg", picture(len(name)))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in (tmp_path / "p").rglob("*.jpg"):
            archive.write(path, path.relative_to(tmp_path / "p").as_posix())
    for source in (tmp_path / "p", tmp_path / "a.zip"):
        read = reader(DatasetRecipe(source=str(source)))
        assert read(f"{APART}/1.jpg") == read("강아지/1.jpg") == (tmp_path / "p" / APART / "1.jpg").read_bytes()


def test_names_of_datasets_are_kept_composed_and_found_in_every_spelling(store: Store, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        save(tmp_path / "p" / name / "1.jpg", picture(1))
    new = NewDataset(f" {APART} ÉCOLE ", {"source": "sample:digits"}, group_name=APART, notes=APART)
    made = submit_dataset(store, new)
    assert (made.name, made.group_name, made.notes) == ("강아지 ÉCOLE", "강아지", "강아지")
    for typed in ("강아지", APART, "école", "ÉCOLE", unicodedata.normalize("NFD", "École"), "강아지 école"):
        assert [one.id for one in list_datasets(store, None, Listing(typed))] == [made.id], typed
    assert list_datasets(store, None, Listing("고양이")) == []
    change_resource(store, made, {"name": unicodedata.normalize("NFD", "새 이름")})
    changed = get_dataset(store, made.id)
    assert changed.name == get_dataset(store, made.id).name == "새 이름"


def test_spellings_hold_what_a_database_compares() -> None:
    assert spellings("cat") == ["cat"]
    assert {"강아지", APART} <= set(spellings(APART))
    assert entered(f" {APART}\n") == "강아지"


def test_an_entry_that_would_leave_an_archive_refuses_no_archive(store: Store, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number, name in enumerate(("cat/1.jpg", "dog/1.jpg", "../x.jpg", "/etc/passwd")):
            save(tmp_path / "one.jpg", picture(number))
            archive.write(tmp_path / "one.jpg", name)
            archive.infolist()[-1].filename = name
    source = open_source(
        DatasetRecipe(source=str(tmp_path / "a.zip")), check=lambda paths: check_named(store, [str(tmp_path)], paths)
    )
    assert [item.path for item in source.items] == ["cat/1.jpg", "dog/1.jpg"]
    assert {one.path.lstrip("./") for one in source.rejected} >= {"x.jpg"}


OUTSIDE = ("/etc/hostname", "../secret.jpg", "/nowhere/at/all.jpg", "/home/other/p/cat/1.jpg", "~/x.jpg")


@pytest.mark.parametrize("written", OUTSIDE)
def test_a_list_that_names_files_outside_is_refused_whether_they_are_there_or_not(
    written: str, store: Store, tmp_path: Path
) -> None:
    save(tmp_path / "secret.jpg", picture(1))
    for name in ("p/cat/1.jpg", "p/dog/1.jpg"):
        save(tmp_path / "list" / name, picture(2))
    (tmp_path / "list" / "t.csv").write_text(f"path,label\np/cat/1.jpg,cat\np/dog/1.jpg,dog\n{written},dog\n")
    source = str(tmp_path / "list" / "t.csv")
    with pytest.raises(RefusedError, match="outside of the folders"):
        open_source(DatasetRecipe(source=source), check=lambda paths: check_named(store, [source], paths))


HOSTILE = [
    "=1+1", "+x", "-v", "@a", "\ttab", "\uff1dcmd", "'=x", "''-y", "'quoted'", "plain", "가, 나", 'a "b"', "", "-",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_are_no_formulas_and_come_back(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\uff1d"))
    assert uncell(cell(text)) == text
    assert next(csv.reader([line([text, 1])])) == [cell(text), "1"]


def test_tables_that_are_kept_open_in_excel_and_older_ones_are_read(tmp_path: Path) -> None:
    rows = [["path", "reason"], *([text, "고장"] for text in HOSTILE)]
    with (tmp_path / "new.csv").open("w", encoding=ENCODING, newline="") as file:
        write_rows(file, rows)
    assert (tmp_path / "new.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert [one["path"] for one in read_rows(tmp_path / "new.csv")] == HOSTILE
    (tmp_path / "old.csv").write_text("path,reason\n'=x,old\n", encoding="utf-8")
    assert read_rows(tmp_path / "old.csv") == [{"path": "'=x", "reason": "old"}]


def test_a_table_of_ours_is_a_source_again(tmp_path: Path) -> None:
    dataset = made(tmp_path, ["=강아지/-1.jpg", "=강아지/-2.jpg", "고양이/1.jpg", "고양이/2.jpg"])
    text = "".join(table(dataset))
    assert text.startswith(BOM)
    assert {row["class"] for row in csv.DictReader(io.StringIO(text.removeprefix(BOM)))} == {"'=강아지", "고양이"}
    (tmp_path / "p" / "table.csv").write_text(text, encoding="utf-8", newline="")
    source = open_source(DatasetRecipe(source=str(tmp_path / "p" / "table.csv")))
    assert {(item.path, item.label) for item in source.items} == {
        ("=강아지/-1.jpg", "=강아지"), ("=강아지/-2.jpg", "=강아지"),
        ("고양이/1.jpg", "고양이"), ("고양이/2.jpg", "고양이"),
    }  # fmt: skip
    assert source.rejected == []
    for name in ("rejected.csv", "twins.csv"):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\xef\xbb\xbf")
