"""Names of files as programs and systems write them: found where exactly one file fits, and said how."""

import unicodedata
import zipfile
from pathlib import Path

import pytest

from glasshouse.data.archives.archive import open_archive
from glasshouse.data.items import Source
from glasshouse.data.sources.source import open_named_in, open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import picture, save

NFD = unicodedata.normalize("NFD", "강아지.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("cat/1.jpg", f"dog/{NFD}", "dog/Big.PNG", "dog/a+b%.jpg", "x.jpg")):
        save(tmp_path / "pictures" / name, picture(number))
    (tmp_path / "pictures" / "cat" / "고양이 1.tif").write_bytes(b"II*\0")
    return tmp_path


def table(folder: Path, *rows: tuple[str, str], pictures: str | None = "pictures") -> Source:
    lines = ["path\tlabel", *("\t".join(row) for row in rows)]
    (folder / "t.tsv").write_text("\n".join(lines), encoding="utf-8")
    return open_source(DatasetRecipe(source=str(folder / "t.tsv"), labels=LabelRecipe(pictures=pictures)))


FOUND = {
    "cat/1.jpg": (None, "cat/1.jpg"),
    "dog/강아지.png": ("in another spelling of Unicode", "dog/강아지.png"),
    unicodedata.normalize("NFD", "cat/고양이 1"): ("without its ending", "cat/고양이 1.tif"),
    "cat/고양이 1": ("without its ending", "cat/고양이 1.tif"),
    "cat/고양이 1.jpg": ("without its ending", "cat/고양이 1.tif"),
    "cat/1": ("without its ending", "cat/1.jpg"),
    "cat/1.png": ("without its ending", "cat/1.jpg"),
    "Dog/big.png": ("in another spelling", "dog/Big.PNG"),
    "dog\\Big.PNG": ("with other slashes", "dog/Big.PNG"),
    "./cat/1.jpg": (None, "cat/1.jpg"),
    "/cat/1.jpg": ("from the folder of the pictures", "cat/1.jpg"),
    "file:///cat/1.jpg": ("from the folder of the pictures", "cat/1.jpg"),
    "file:///home/other/pictures/cat/1.jpg": ("by the end of its path", "cat/1.jpg"),
    "cat/%EA%B3%A0%EC%96%91%EC%9D%B4%201.tif": ("as a web address or URI", "cat/고양이 1.tif"),
    "dog/a+b%.jpg": (None, "dog/a+b%.jpg"),
    "'cat/1.jpg'": ("without quotes", "cat/1.jpg"),
    "cat/1.jpg\u00a0\u200b": ("in another spelling", "cat/1.jpg"),
    "cat\\1.jpg": ("with other slashes", "cat/1.jpg"),
    "C:\\Users\\kim\\pictures\\cat\\1.jpg": ("by the end of its path", "cat/1.jpg"),
    "\\\\server\\share\\cat\\1.jpg": ("by the end of its path", "cat/1.jpg"),
    "/home/other/pictures/cat/1.jpg": ("by the end of its path", "cat/1.jpg"),
    "/home/other/pictures/cat/1.jpeg": ("by the end of its path, with another", "cat/1.jpg"),
    "https://example.org/pictures/cat/1.jpg?size=3": ("by the end of its path", "cat/1.jpg"),
    "pictures/cat/1.jpg": ("by the end of its path", "cat/1.jpg"),
    "s3://bucket/cat/1.jpg": ("by the end of its path", "cat/1.jpg"),
}


@pytest.mark.parametrize("written", FOUND)
def test_a_name_that_fits_one_file_is_found_and_said_how(written: str, folder: Path) -> None:
    source = table(folder, (written, "a"), ("x.jpg", "b"))
    how, path = FOUND[written]
    assert {item.path: item.label for item in source.items} == {path: "a", "x.jpg": "b"}
    assert source.rejected == []
    assert len(source.read(source.items[0])) > 0
    told = [one for one in source.warnings if one.kind == "found-names"]
    assert len(told) == (how is not None)
    assert all(how is not None and how in one.message and path in one.message for one in told)


@pytest.mark.parametrize(
    "written", ["nope.jpg", "cat", "1", "cat/2.jpg", "../t", "bird/1.jpg", "..", "%00", "//", "x/y"]
)
def test_a_name_that_fits_none_is_listed(written: str, folder: Path) -> None:
    source = table(folder, ("cat/1.jpg", "a"), ("x.jpg", "b"), (written, "a"))
    assert len(source.items) == 2
    assert [one.kind for one in source.warnings] == []
    assert len(source.rejected) <= 1


def test_a_name_that_fits_several_is_refused_naming_them(folder: Path) -> None:
    for name in ("pictures/cat/1.png", "pictures/cat/other.jpg", "pictures/other.jpg"):
        save(folder / name, picture(9))
    source = table(folder, ("cat/1", "a"), ("x.jpg", "b"), ("cat/1.jpg", "a"), ("/home/a/cat/other.jpg", "a"))
    assert {item.path for item in source.items} == {"x.jpg", "cat/1.jpg"}
    assert [one.reason for one in source.rejected] == [
        "line 5: it may mean more than one file: cat/other.jpg and other.jpg",
        "line 2: it may mean more than one file: cat/1.jpg and cat/1.png",
    ]


def test_two_lines_of_other_labels_that_are_guessed_to_mean_one_file_give_none(folder: Path) -> None:
    guessed = ("/a/dogs/x.jpg", "dog")
    source = table(folder, guessed, ("/a/cats/x.jpg", "cat"), ("cat/1.jpg", "cat"), ("dog/Big.PNG", "dog"))
    assert {item.path for item in source.items} == {"cat/1.jpg", "dog/Big.PNG"}
    assert {one.reason.partition(": ")[2] for one in source.rejected} == {
        "several lines with other labels mean the file x.jpg"
    }
    source = table(folder, guessed, ("cat/1.jpg", "cow"), ("x.jpg", "cat"))
    assert {item.path: item.label for item in source.items} == {"cat/1.jpg": "cow", "x.jpg": "cat"}


def test_a_home_folder_is_followed_and_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    source = table(folder, ("~/pictures/cat/1.jpg", "a"), ("x.jpg", "b"))
    assert [item.path for item in source.items] == ["cat/1.jpg", "x.jpg"]
    assert f"{folder}/pictures/cat/1.jpg" in source.named


@pytest.mark.parametrize(
    "written", ["%2e%2e/%2e%2e/secret.jpg", "file:///../secret.jpg", "'../secret.jpg'", "..\\..\\secret"]
)
def test_no_reading_but_the_written_one_leads_out_of_the_folder(written: str, folder: Path) -> None:
    save(folder / "secret.jpg", picture(3))
    save(folder.parent / "secret.jpg", picture(3))
    source = table(folder, ("cat/1.jpg", "a"), ("x.jpg", "b"), (written, "a"))
    assert {item.path for item in source.items} == {"cat/1.jpg", "x.jpg"}


def test_names_of_a_list_in_an_archive_are_found_alike(folder: Path) -> None:
    lines = "path,label\nPics/강아지,dog\nC:\\x\\pics\\1.jpg,cat\n/y/pics/1.jpg,cat\n"
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "pictures/cat/1.jpg", "top/pics/1.jpg")
        archive.write(folder / f"pictures/dog/{NFD}", f"top/pics/{NFD}")
        archive.writestr("top/t.csv", lines)
    found = open_archive(folder / "a.zip")
    assert found is not None
    source = open_named_in(found, "top/t.csv")
    assert [(item.path, item.label) for item in source.items] == [
        ("top/pics/강아지.png", "dog"),
        ("top/pics/1.jpg", "cat"),
    ]
    assert [one.reason for one in source.rejected] == ["line 4: named before in line 3"]


def test_a_table_far_from_its_pictures_is_told_the_right_way_out(folder: Path) -> None:
    with pytest.raises(
        SourceError, match=r"none of 2 files is there under .*such as cat/2\.jpg.*folder that the paths begin"
    ):
        table(folder, ("cat/2.jpg", "a"), ("dog/2.jpg", "b"), pictures=None)


KOREAN = (
    "파일,분류", "파일명,라벨", "이미지,레이블", "사진,정답", "경로,클래스", "이미지 경로,카테고리", "파일_이름,종류",
    "사진 파일,품종", unicodedata.normalize("NFD", "파일,분류"),
)  # fmt: skip


@pytest.mark.parametrize("head", KOREAN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_heads_of_columns(head: str, encoding: str, folder: Path) -> None:
    if encoding == "cp949":  # which has composed letters only
        head = unicodedata.normalize("NFC", head)
    rows = f"{head}\npictures/cat/1.jpg,고양이\npictures/x.jpg,강아지\n"
    (folder / "표.csv").write_bytes(rows.encode(encoding))
    source = open_source(DatasetRecipe(source=str(folder / "표.csv")))
    assert [item.label for item in source.items] == ["고양이", "강아지"]
    assert {one.kind for one in source.warnings} == ({"encoding"} if encoding == "cp949" else set())


def columns(folder: Path, text: str) -> Source:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return open_source(DatasetRecipe(source=str(folder / "t.csv"), labels=LabelRecipe(pictures="pictures")))


def test_columns_for_split_and_group_in_korean(folder: Path) -> None:
    source = columns(folder, "파일,분류,구분,환자\ncat/1.jpg,a,학습,p\nx.jpg,b,검증,q\n")
    assert [(item.split, item.group) for item in source.items] == [("train", "p"), ("val", "q")]


def test_a_column_that_may_be_split_or_label_is_what_its_cells_say(folder: Path) -> None:
    source = columns(folder, "파일,구분\ncat/1.jpg,고양이\nx.jpg,개\n")
    assert [(item.label, item.split) for item in source.items] == [("고양이", None), ("개", None)]
    assert [one.kind for one in source.warnings] == ["label-column"]
    source = columns(folder, "file,label,set\ncat/1.jpg,a,A\nx.jpg,b,B\n")
    assert [item.split for item in source.items] == [None, None]
    assert [one.kind for one in source.warnings] == ["split-column"]


def test_of_two_columns_the_one_that_names_files(folder: Path) -> None:
    for head in ("eins,zwei", "zwei,eins"):
        turned = head.startswith("zwei")
        rows = [("cat/1.jpg", "Katze"), ("x.jpg", "Hund")]
        lines = [head, *(",".join(reversed(row) if turned else row) for row in rows)]
        source = columns(folder, "\n".join(lines))
        assert [(item.path, item.label) for item in source.items] == rows
        assert [one.kind for one in source.warnings] == ["path-column", "label-column"]
    source = columns(folder, "id,image,label\n7,cat/1.jpg,a\n8,x.jpg,b\n")
    assert [item.path for item in source.items] == ["cat/1.jpg", "x.jpg"]
    source = columns(folder, "name,file,label\ncat/1.jpg,x.jpg,a\nx.jpg,cat/1.jpg,b\n")
    assert [one.kind for one in source.warnings] in ([], ["path-column"])


def test_is_test_and_is_train(folder: Path) -> None:
    source = columns(folder, "path,label,is_test\ncat/1.jpg,a,0\nx.jpg,b,1\n")
    assert [item.split for item in source.items] == ["train", "test"]


def test_a_cell_with_the_delimiter_and_no_quotes_is_listed_and_not_misread(folder: Path) -> None:
    source = columns(folder, "path,label\ncat/1.jpg,a\nx.jpg,b\ndog/Big,black.PNG,dog\n")
    assert {item.label for item in source.items} == {"a", "b"}
    assert [one.reason for one in source.rejected] == [
        "line 4: it has 3 cells, the head has 2; put a cell with the delimiter in it into quotes"
    ]
    assert len(columns(folder, "path,label\ncat/1.jpg,a,,\nx.jpg,b,\n").items) == 2


def test_a_separator_line_of_excel(folder: Path) -> None:
    source = columns(folder, "sep=;\npath;label\ncat/1.jpg;a\nx.jpg;b\nnope.jpg;b\n")
    assert [item.label for item in source.items] == ["a", "b"]
    assert source.rejected[0].reason.startswith("line 5: ")


def test_labels_called_none_or_na_in_cells_are_classes(folder: Path) -> None:
    source = columns(folder, "path,label\ncat/1.jpg,None\nx.jpg,NA\n")
    assert {item.label for item in source.items} == {"None", "NA"}
    assert source.warnings == []
    source = columns(folder, "path,label\ncat/1.jpg,nan\nx.jpg,NA\n")
    assert [one.kind for one in source.warnings] == ["missing-name"]


def test_columns_that_a_person_may_have_meant_are_told(folder: Path) -> None:
    source = columns(folder, "\ufeffpath,truth,label,probability\ncat/1.jpg,a,a,0.9\nx.jpg,b,b,0.8\n")
    assert [one.message for one in source.warnings] == ["the column label is taken as the label, and not truth"]
    source = columns(folder, "cat/1.jpg,a,train\nx.jpg,b,val\n")
    assert [one.kind for one in source.warnings] == ["no-heads"]


def test_a_list_without_labels_is_not_told_of_class_folders(folder: Path) -> None:
    (folder / "t.txt").write_text("cat/1.jpg,cat\nx.jpg,dog\n")
    with pytest.raises(SourceError, match=r"names no picture that can be used.*\nLeft out: it has no label") as error:
        open_source(DatasetRecipe(source=str(folder / "t.txt")))
    assert "--pattern" not in str(error.value)
