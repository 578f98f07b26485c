"""Labels from a table: CSV with columns for the path, the label, and, where wished, the group and the split."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.check import Finding
from glasshouse.data.items import Labelled
from glasshouse.data.sources.folders import SPLIT_WORDS
from glasshouse.data.sources.named import Named, NamedPictures, read_text
from glasshouse.errors import SourceError
from glasshouse.recipe import LabelRecipe

__all__ = ["label_by_table", "paths_of_table"]

_WORDS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "fname", "image", "image_path",
             "image_name", "image_id", "img", "img_path", "picture", "name", "id"),
    "label": ("label", "labels", "class", "class_name", "category", "target", "tag", "tags", "species", "breed", "y"),
    "group": ("group", "group_id", "patient", "patient_id", "series", "series_id", "video", "video_id"),
    "split": ("split", "set", "subset", "partition", "is_valid"),
}  # fmt: skip
_IS_VALID = {"true": "val", "1": "val", "yes": "val", "false": "train", "0": "train", "no": "train"}


@dataclass(frozen=True)
class _Columns:
    path: int
    label: int
    group: int | None
    split: int | None
    names: tuple[str, ...]  # () where the table has no head


def label_by_table(table: Path, collected: NamedPictures, recipe: LabelRecipe) -> Labelled:
    """Collect the pictures that a CSV file names; every line that gives none is listed with its number.

    The delimiter (comma, semicolon, tab or bar) is seen from the first line. Columns are those that ``recipe`` names,
    else the first with a usual name (``path``, ``filename``, ``label``, ``class``, ``group``, ``patient``, ``split``,
    ``is_valid``, ...); a table without a head is ``path,label``.

    Raises:
        SourceError: the table is empty or the columns cannot be told.
    """
    rows = _rows(table)
    columns = _columns(table, rows[0], recipe, collected)
    for line, row in enumerate(rows[1 if columns.names else 0 :], start=2 if columns.names else 1):
        if any(cell.strip() for cell in row):
            _add(collected, line, row, columns)
    return collected.labelled(warnings=list(_findings(columns, recipe)))


def paths_of_table(table: Path, collected: NamedPictures) -> Labelled:
    """Collect the pictures of a table without labels: of its column of paths, or of the first where it has no head.

    Raises:
        SourceError: the table is empty, or the column cannot be told.
    """
    rows = _rows(table)
    column = _find(table, tuple(name.strip() for name in rows[0]), "path", None)
    if column is None and collected.place(_cell(rows[0], 0)) is None:
        raise SourceError(
            f"{table}: no column for the path is seen among {', '.join(rows[0])}. Begin it with the line path."
        )
    for line, row in enumerate(rows[column is not None :], start=1 + (column is not None)):
        if path := _cell(row, column or 0):
            collected.add(Named(f"line {line}", path, ""))
    return collected.labelled()


def _rows(table: Path) -> list[list[str]]:
    text = read_text(table)
    if not text.strip():
        raise SourceError(f"{table} is empty; expected lines such as path,label")
    try:
        return list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise SourceError(f"{table} is no table that can be read: {error}") from None


def _delimiter(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    return max(",;\t|", key=first.count)


def _columns(table: Path, head: Sequence[str], recipe: LabelRecipe, collected: NamedPictures) -> _Columns:
    names = tuple(name.strip() for name in head)
    wished = {role: getattr(recipe, f"{role}_column") for role in _WORDS}
    found = {role: _find(table, names, role, wished[role]) for role in _WORDS}
    path, label = found["path"], found["label"]
    if path is not None and label is not None:
        return _Columns(path, label, found["group"], found["split"], names)
    if not any(wished.values()) and len(names) >= 2 and collected.place(names[0]) is not None:
        return _Columns(0, 1, None, None, ())
    pictures = collected.base
    missing = " and ".join(role for role in ("path", "label") if found[role] is None)
    raise SourceError(
        f"{table}: no column for the {missing} is seen among {', '.join(names)}. Name it (--path-column, "
        "--label-column), or begin the table with the line path,label. If it has no head, its first picture was not "
        f"found under {pictures}; name the folder of the pictures."
    )


def _find(table: Path, names: Sequence[str], role: str, wished: str | None) -> int | None:
    if wished is not None:
        if wished not in names:
            raise SourceError(f"{table} has no column {wished} ({role}_column); it has {', '.join(names)}")
        return names.index(wished)
    lowered = [name.lower().replace(" ", "_") for name in names]
    return next((lowered.index(word) for word in _WORDS[role] if word in lowered), None)


def _add(collected: NamedPictures, line: int, row: Sequence[str], columns: _Columns) -> None:
    path, label = _cell(row, columns.path), _cell(row, columns.label)
    word = _cell(row, columns.split)
    is_valid = columns.split is not None and columns.names[columns.split].lower() == "is_valid"
    split = (_IS_VALID if is_valid else SPLIT_WORDS).get(word.casefold())
    named = Named(f"line {line}", path or ",".join(row), label, split, _cell(row, columns.group) or None)
    if not path or not label:
        collected.reject(named, f"it has no {'path' if not path else 'label'}")
    elif word and split is None:
        collected.reject(named, f"its split is {word}; expected {', '.join(_IS_VALID if is_valid else SPLIT_WORDS)}")
    else:
        collected.add(named)


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _findings(columns: _Columns, recipe: LabelRecipe) -> Iterator[Finding]:
    if columns.group is not None and recipe.group_column is None:
        name = columns.names[columns.group]
        yield Finding("group-column", f"the column {name} is taken as the group: its pictures stay on one side")
