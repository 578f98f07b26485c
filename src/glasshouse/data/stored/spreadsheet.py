"""Tables that people open in a spreadsheet: Korean Excel reads them, and no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

__all__ = ["BOM", "ENCODING", "cell", "line", "read_rows", "rows_in", "uncell", "write_rows"]

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it, Excel takes UTF-8 for the system's old encoding
ENCODING = "utf-8-sig"  # of files: with that mark when written, with or without when read
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # plain, and of full width


def cell(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula: an apostrophe comes before it."""
    return f"'{text}" if text.lstrip("'")[:1] in _FORMULA and text else text


def uncell(text: str) -> str:
    """Return the text that ``cell`` was given."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in _FORMULA else text


def line(cells: Iterable[object], end: str = "\r\n") -> str:
    """Return one line of a table; texts are made safe, None is an empty cell, numbers stay numbers."""
    rows = _Rows()
    csv.writer(rows, lineterminator=end).writerow([cell(one) if isinstance(one, str) else one for one in cells])
    return "".join(rows.lines)


def write_rows(file: IO[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as ``line`` makes them into a file that was opened with ``ENCODING``."""
    for row in rows:
        file.write(line(row))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table that Glasshouse wrote, by the heads; one without a mark was written as it is."""
    with path.open(encoding="utf-8", newline="") as lines:
        return rows_in(lines.read())


def rows_in(text: str) -> list[dict[str, str]]:
    """Return the rows of the text of such a table; cells that a row lacks are None.

    Raises:
        csv.Error: it is no table.
    """
    marked = text.startswith(BOM)
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    for row in rows if marked else ():
        row.update({head: uncell(text) for head, text in row.items() if text is not None})
    return rows


class _Rows:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> int:
        self.lines.append(text)
        return len(text)
