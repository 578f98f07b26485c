"""Tables of files and labels: from a file, or from columns that are at hand."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from glasshouse.data.sources.named import read_text
from glasshouse.errors import InputError, SourceError

__all__ = ["labels_of", "read_rows"]

_TRUE = {"true", "1", "1.0", "yes"}


def read_rows(path: Path, header: bool, delimiter: str | None) -> dict[str, list[str]]:
    """Return the columns of a table by their name; without a header they are called 0, 1 and so on.

    Raises:
        SourceError: the file is missing or empty.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise SourceError("{path} cannot be read: {reason}", path=path, reason=error.strerror or error) from None
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter or ",") if row]
    if len(rows) < 1 + header:
        raise SourceError("{path} has no rows", path=path)
    names = rows.pop(0) if header else [str(number) for number in range(len(rows[0]))]
    return {name: [row[place] if place < len(row) else "" for row in rows] for place, name in enumerate(names)}


def labels_of(
    table: Any, files: int | str, labels: int | str, valid: int | str | None, name: Callable[[str], str]
) -> tuple[dict[str, object], dict[str, str] | None]:
    """Return the label of each file of a table, and its split if ``valid`` is a column that says it."""
    paths = [name(str(one)) for one in _column(table, files)]
    found = dict(zip(paths, _column(table, labels)))
    if valid is None:
        return found, None
    chosen = (str(one).strip().lower() in _TRUE for one in _column(table, valid))
    return found, {path: "val" if yes else "train" for path, yes in zip(paths, chosen)}


def _column(table: Any, which: int | str) -> Sequence[object]:
    """Return a column of a pandas table or a mapping, by its name or its place."""
    names = list(table.columns if hasattr(table, "columns") else table)
    if isinstance(which, int) and which not in names:
        if not -len(names) <= which < len(names):
            raise InputError("there is no column {which}; there are {names}", which=which, names=", ".join(names))
        which = names[which]
    if which not in names:
        raise InputError("there is no column {which}; there are {names}", which=repr(which),
                         names=", ".join(map(str, names)))  # fmt: skip
    column: Mapping[str, Any] | Any = table[which]
    return column.tolist() if hasattr(column, "tolist") else list(column)
