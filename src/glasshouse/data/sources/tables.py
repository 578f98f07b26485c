"""Labels from a table: CSV with columns for the path, the label, and, if wished, the group and the split."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from glasshouse.data.check import Finding
from glasshouse.data.items import Labelled
from glasshouse.data.names import missing_look
from glasshouse.data.sources.columns import Columns, find_columns, path_column, split_of_cell, split_words
from glasshouse.data.sources.named import Named, NamedPictures, decoded_text, encoding_finding
from glasshouse.data.stored.spreadsheet import uncell
from glasshouse.errors import SourceError
from glasshouse.messages import Message
from glasshouse.recipe import LabelRecipe

__all__ = ["label_by_table", "paths_of_table", "read_table", "table_rows"]

_SEPARATOR = "sep="  # the first line of a table of Excel


def label_by_table(table: Path, collected: NamedPictures, recipe: LabelRecipe) -> Labelled:
    """Collect the pictures that a CSV file names; every line that gives none is listed with its number.

    The delimiter (comma, semicolon, tab or bar) is seen from the first line. Columns are those that ``recipe`` names,
    else the first with a usual name (``path``, ``filename``, ``파일``, ``label``, ``class``, ``분류``, ``group``,
    ``patient``, ``split``, ``구분``, ``is_valid``, ...), else those whose cells tell; a table without a head is
    ``path,label``.

    Raises:
        SourceError: the table is empty or the columns cannot be determined.
    """
    rows, first, findings = read_table(table)
    columns = find_columns(table, rows, recipe, collected.is_inside, collected.base)
    headed = bool(columns.names)
    for line, row in enumerate(rows[1 if headed else 0 :], start=first + headed):
        if any(cell.strip() for cell in row):
            _add(collected, line, row, columns)
    findings += columns.findings
    odd = sorted({item.label for item in collected.items if missing_look(item.label)})
    if odd:
        text = Message(
            "the class {odd} is called as programs write a missing label; leave the cell empty if it means that",
            odd=odd[0],
        )
        findings.append(Finding("missing-name", text))
    return collected.labelled(warnings=findings)


def paths_of_table(table: Path, collected: NamedPictures) -> Labelled:
    """Collect the pictures of a table without labels: of its column of paths, or of the first if it has no head.

    Raises:
        SourceError: the table is empty, or the column cannot be determined.
    """
    rows, first, findings = read_table(table)
    column = path_column(table, rows, collected.is_inside)
    headed = column is not None
    for line, row in enumerate(rows[1 if headed else 0 :], start=first + headed):
        if path := _cell(row, column or 0):
            collected.add(Named(Message("line {lineno}", lineno=line), path, ""))
    return collected.labelled(warnings=findings)


def read_table(table: Path) -> tuple[list[list[str]], int, list[Finding]]:
    """Return the rows of a table, the number of its first line, and what is reported of its encoding.

    Raises:
        SourceError: it is empty, or no table.
    """
    return table_rows(table, table.read_bytes())


def table_rows(table: Path | str, data: bytes) -> tuple[list[list[str]], int, list[Finding]]:
    """Return the same of the content of a table; ``table`` is its name in messages."""
    text, encoding = decoded_text(data)
    if not text.strip():
        raise SourceError("{table} is empty; expected lines such as path,label", table=table)
    first, delimiter = 1, None
    if text[: len(_SEPARATOR)].lower() == _SEPARATOR and len(text.splitlines()[0].strip()) == len(_SEPARATOR) + 1:
        delimiter, text, first = text[len(_SEPARATOR)], text.partition("\n")[2], 2
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text)))
    except csv.Error as error:
        raise SourceError("{table} is no table that can be read: {error}", table=table, error=error) from None
    while rows and not any(cell.strip() for cell in rows[0]):
        rows, first = rows[1:], first + 1
    return rows, first, list(encoding_finding(text, encoding))


def _delimiter(text: str) -> str:
    first = text.lstrip().splitlines()[0]
    return max(",;\t|", key=first.count)


def _add(collected: NamedPictures, line: int, row: Sequence[str], columns: Columns) -> None:
    path, label = _cell(row, columns.path), _cell(row, columns.label)
    word = _cell(row, columns.split)
    split = split_of_cell(word, columns.flag) if word else None
    named = Named(
        Message("line {lineno}", lineno=line), path or ",".join(row), label, split, _cell(row, columns.group) or None
    )
    if columns.names and any(cell.strip() for cell in row[len(columns.names) :]):
        collected.reject(
            named,
            Message(
                "it has {row} cells, the head has {names}; put a cell with the delimiter in it into quotes",
                row=len(row),
                names=len(columns.names),
            ),
        )
    elif not path or not label:
        collected.reject(named, (Message("it has no path") if not path else Message("it has no label")))
    elif word and split is None:
        collected.reject(
            named, Message("its split is {word}; expected {flag}", word=word, flag=", ".join(split_words(columns.flag)))
        )
    else:
        collected.add(named)


def _cell(row: Sequence[str], column: int | None) -> str:
    return uncell(row[column].strip()) if column is not None and column < len(row) else ""
