"""Which pictures are meant by files, folders and lists of paths."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from glasshouse.data.archives.files import walk
from glasshouse.data.names import natural
from glasshouse.data.sources.columns import path_head
from glasshouse.data.sources.named import NamedPictures
from glasshouse.data.sources.tables import read_table
from glasshouse.data.stored.spreadsheet import uncell
from glasshouse.errors import InputError

__all__ = ["LISTS", "list_pictures"]

LISTS = (".txt", ".lst", ".list", ".csv", ".tsv", ".tab")
TABLES = (".csv", ".tsv", ".tab")
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
            found = [file.written or file.path for file in tree.files] + [file.path for file in tree.rejected]
            yield from (str(path / name) for name in sorted(found, key=natural))
        elif path.suffix.lower() in LISTS:
            yield from _listed(path)
        else:
            yield given


def _listed(path: Path) -> Iterator[str]:
    try:
        if path.suffix.lower() in TABLES:
            yield from _cells(path)
            return
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _lines(file, path.parent)
    except (OSError, csv.Error) as error:
        raise InputError("The list {path} cannot be read: {error}", path=path, error=error) from None


def _lines(file: IO[str], folder: Path) -> Iterator[str]:
    places = _Places(folder)
    for line in file:
        text = line.strip("\r\n")
        if text.strip():
            yield places.find(text) or _without_label(text, places)


def _without_label(text: str, places: "_Places") -> str:
    found = LABELLED.fullmatch(text.strip())
    if found is None:
        return places.find(text.strip()) or places.search(text) or text
    there = places.find(found[1]) or places.search(text) or places.search(found[1])
    return there or (found[1] if found[2].isdigit() else text)


def _cells(path: Path) -> Iterator[str]:
    places = _Places(path.parent)
    rows = read_table(path)[0] if path.stat().st_size else []
    column = path_head([cell.strip() for cell in rows[0]]) if rows else None
    for row in rows[column is not None :]:
        if len(row) > (column or 0) and row[column or 0].strip():
            text = uncell(row[column or 0])
            yield places.find(text) or places.search(text) or text


class _Places:
    """Finds files that a list names: as written from here or from the list's ``folder``, else as tables are read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._named = NamedPictures(folder)

    def find(self, text: str) -> str | None:
        """Return where the file is: as it is written, or from the folder; None if it is in neither place."""
        for path in (Path(text), self._folder / text):
            try:
                if path.exists():
                    return str(path)
            except (OSError, ValueError):  # too long for a path, or with a zero byte
                return None
        return None

    def search(self, text: str) -> str | None:
        """Return the one file whose name means the same (Unicode, ending, quotes, URIs); None of none or several."""
        found = self._named.place(text)
        if not isinstance(found, tuple):
            return None
        return str(self._folder / (found[0].written or found[0].path))
