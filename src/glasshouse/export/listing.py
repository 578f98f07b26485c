"""Which pictures are meant by files, folders and lists of paths."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from glasshouse.data.files import walk
from glasshouse.errors import InputError

__all__ = ["LISTS", "list_pictures"]

LISTS = (".txt", ".lst", ".list", ".csv", ".tsv")
TABLES = {".csv": ",", ".tsv": "\t"}
PATH_COLUMNS = ("path", "file", "filename", "file_name", "image", "picture", "image_path")
LABELLED = re.compile(r"(.*\S)\s+(\S+)")  # as DIGITS writes it: path, space, label (a number)


def list_pictures(names: Iterable[str], stdin: IO[str] | None = None) -> Iterator[str]:
    """Yield the path of every picture that ``names`` stand for, in order, as they are found.

    A folder stands for every file below it (hidden ones apart), a text list or table for its paths (a label that
    follows is passed over), ``-`` for a list on ``stdin``, anything else for itself. Paths in a list are taken from
    here, or else from the list's own folder. Nothing is opened but lists.

    Raises:
        InputError: a list cannot be read.
    """
    for given in names:
        path = Path(given)
        if given == "-":
            yield from _lines(stdin or sys.stdin, Path())
        elif path.is_dir():
            tree = walk(path)
            found = [file.path for file in tree.files] + [file.path for file in tree.rejected]
            yield from (str(path / name) for name in sorted(found))
        elif path.suffix.lower() in LISTS:
            yield from _listed(path)
        else:
            yield given


def _listed(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            delimiter = TABLES.get(path.suffix.lower())
            yield from _lines(file, path.parent) if delimiter is None else _cells(file, path.parent, delimiter)
    except (OSError, csv.Error) as error:
        raise InputError(f"The list {path} cannot be read: {error}") from None


def _lines(file: IO[str], folder: Path) -> Iterator[str]:
    for line in file:
        text = line.strip("\r\n")
        if text.strip():
            yield _place(text, folder) or _without_label(text, folder)


def _without_label(text: str, folder: Path) -> str:
    found = LABELLED.fullmatch(text.strip())
    if found is None:
        return _place(text.strip(), folder) or text
    return _place(found[1], folder) or (found[1] if found[2].isdigit() else text)


def _cells(file: IO[str], folder: Path, delimiter: str) -> Iterator[str]:
    rows = csv.reader(file, delimiter=delimiter)
    first = next(rows, [])
    heads = [cell.strip().lower() for cell in first]
    column = next((heads.index(name) for name in PATH_COLUMNS if name in heads), None)
    if column is None and first:
        yield _place(first[0], folder) or first[0]
    for row in rows:
        if len(row) > (column or 0) and row[column or 0].strip():
            yield _place(row[column or 0], folder) or row[column or 0]


def _place(text: str, folder: Path) -> str | None:
    """Return where the file is: as it is written, or from ``folder``; None where it is in neither place."""
    for path in (Path(text), folder / text):
        try:
            if path.exists():
                return str(path)
        except (OSError, ValueError):  # too long for a path, or with a zero byte
            return None
    return None
