"""Tables as sources: columns found or named, every line accounted for."""

from pathlib import Path

import pytest

from glasshouse.data.items import Source
from glasshouse.data.sources.source import open_source
from glasshouse.errors import SourceError
from glasshouse.recipe import DatasetRecipe, LabelRecipe
from pictures import write_class_folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_class_folders(tmp_path / "pictures", each=3).parent


def opened(folder: Path, text: str | bytes, name: str = "labels.csv", **labels: str) -> Source:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    return open_source(DatasetRecipe(source=str(folder / name), labels=LabelRecipe(**labels)))


def pairs(source: Source) -> list[tuple[str, str]]:
    return [(item.path, item.label) for item in source.items]


TWO = [("pictures/cat/cat.0.jpg", "Katze"), ("pictures/dog/dog.0.jpg", "Hund")]


@pytest.mark.parametrize("head", ["path,label", "filename,class", "Image Name,Category", "id,breed", "label,file"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_columns_delimiters_and_encodings_are_seen(head: str, delimiter: str, encoding: str, folder: Path) -> None:
    first, second = TWO[0][0], TWO[1][0]
    names = ("고양이", "개")
    rows = [(first, names[0]), (second, names[1])]
    if head.startswith("label"):
        rows = [(label, path) for path, label in rows]
    lines = [head.replace(",", delimiter), *(delimiter.join(row) for row in rows)]
    source = opened(folder, ("\r\n".join(lines) + "\r\n").encode(encoding))
    assert pairs(source) == [(first, names[0]), (second, names[1])]
    assert source.rejected == []


def test_a_table_without_a_head(folder: Path) -> None:
    assert pairs(opened(folder, "".join(f"{path},{label}\n" for path, label in TWO))) == TWO


def test_named_columns(folder: Path) -> None:
    text = "a,b,c,d\n" + "".join(f"x,{label},{path},s{i}\n" for i, (path, label) in enumerate(TWO))
    source = opened(folder, text, path_column="c", label_column="b", group_column="d")
    assert pairs(source) == TWO
    assert [item.group for item in source.items] == ["s0", "s1"]
    assert source.warnings == []
    with pytest.raises(SourceError, match=r"no column nope .*it has a, b, c, d"):
        opened(folder, text, path_column="nope")


def test_group_and_split_columns_are_seen(folder: Path) -> None:
    text = f"path,label,patient,split\n{TWO[0][0]},a,p0,train\n{TWO[1][0]},b,p1,Valid\n"
    source = opened(folder, text)
    assert [(item.group, item.split) for item in source.items] == [("p0", "train"), ("p1", "val")]
    assert [warning.kind for warning in source.warnings] == ["group-column"]


def test_is_valid_of_fastai(folder: Path) -> None:
    source = opened(folder, f"path,label,is_valid\n{TWO[0][0]},a,True\n{TWO[1][0]},b,False\n")
    assert [item.split for item in source.items] == ["val", "train"]


def test_pictures_elsewhere_absolute_without_ending_and_with_backslashes(folder: Path) -> None:
    text = f"path,label\ncat/cat.0,a\n{folder}/pictures/cat/cat.1.jpg,a\ndog\\dog.0.jpg,b\n../labels.csv,b\n"
    source = opened(folder, text, pictures="pictures")
    assert [item.path for item in source.items] == [
        "cat/cat.0.jpg", "cat/cat.1.jpg", "dog/dog.0.jpg", f"{folder.as_posix()}/labels.csv",
    ]  # fmt: skip
    assert [len(source.read(item)) > 0 for item in source.items] == [True] * 4


def test_every_line_that_gives_no_picture_is_listed(folder: Path) -> None:
    cat, dog = TWO[0][0], TWO[1][0]
    lines = ["path,label,split", f"{cat},a,", "nope.jpg,a,", ",a,", f"{dog},,", "", f"{dog},b,test", f"{cat},b,",
             "pictures/cat/cat.1.jpg,a,later"]  # fmt: skip
    text = "\n".join(lines)
    source = opened(folder, text)
    assert pairs(source) == [(TWO[0][0], "a"), (TWO[1][0], "b")]
    assert sorted(one.reason for one in source.rejected) == [
        f"line 3: there is no such file under {folder}",
        "line 4: it has no path",
        "line 5: it has no label",
        "line 8: named before in line 2 with the label a",
        "line 9: its split is later; expected train, training, val, valid, validation, test, testing",
    ]


def test_cells_with_commas_quotes_and_lines(folder: Path) -> None:
    assert pairs(opened(folder, f'path,label\n{TWO[0][0]},"cat, ""big"""\n{TWO[1][0]},dog\n'))[0][1] == 'cat, "big"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("   \n", "is empty"),
        ("foo,bar\n1,2\n", "no column for the path and label is seen among foo, bar"),
        ("path,bar\n1,2\n", "no column for the label"),
        ("path,label\n", "holds no files"),
        ("path,label\nnope.jpg,a\n", "no picture that can be used"),
        (b"\x00\x01\x02", "no text file"),
        ("path,label\n" + "x" * 200_000 + ",a\n", "no table that can be read"),
    ],
)
def test_tables_that_cannot_be_used(text: str | bytes, message: str, folder: Path) -> None:
    with pytest.raises(SourceError, match=message):
        opened(folder, text)


def test_missing_folder_of_pictures(folder: Path) -> None:
    with pytest.raises(SourceError, match="folder of the pictures"):
        opened(folder, "path,label\n", pictures="nope")


def test_a_folder_with_one_table(folder: Path) -> None:
    opened(folder, "path,label\n" + "".join(f"{path},{label}\n" for path, label in TWO))
    recipe = DatasetRecipe(source=str(folder), labels=LabelRecipe(by="csv"))
    assert pairs(open_source(recipe)) == TWO
    (folder / "second.csv").touch()
    with pytest.raises(SourceError, match=r"2 tables \(labels.csv, second.csv\)"):
        open_source(recipe)
