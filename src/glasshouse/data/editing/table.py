"""A table of changes: one picture per line by ``path`` or ``sha256``, with ``label``, ``exclude`` and ``split``."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasshouse.data.check import Finding
from glasshouse.data.editing.changes import Change
from glasshouse.data.names import cleaned
from glasshouse.data.sources.columns import split_of_cell, split_words
from glasshouse.data.sources.tables import table_rows
from glasshouse.data.stored.spreadsheet import uncell
from glasshouse.errors import InputError
from glasshouse.messages import Message, joined

__all__ = ["YES_WORDS", "TableFile", "changes_in_table", "exclusion"]

_NAMES = ("path", "sha256")
_DOES = ("label", "exclude", "split")
_KNOWN = (*_NAMES, *_DOES, "why")
YES_WORDS: Mapping[str, bool] = {
    "yes": True, "y": True, "true": True, "1": True, "x": True, "예": True, "네": True,
    "no": False, "n": False, "false": False, "0": False, "": False, "아니요": False, "아니오": False,
}  # fmt: skip
_ALSO = {"class": "label"}  # as the table of a dataset that the Studio gives calls it
_TOLD = 20


@dataclass(frozen=True)
class TableFile:
    """A table that somebody sent: its name, and its content."""

    name: str
    data: bytes


def changes_in_table(table: Path | TableFile) -> tuple[list[Change], list[Finding]]:
    """Return the changes that the lines of a CSV file are, and what is reported of it.

    The heads are ``path`` or ``sha256``, and at least one of ``label`` (or ``class``), ``exclude``, ``split``; ``why``
    is the reason.
    Empty cells change nothing. Other columns are not read.

    Raises:
        InputError: it cannot be read, has no such heads, or cells that cannot be understood; all are named.
    """
    name = table.name if isinstance(table, TableFile) else str(table)
    try:
        data = table.data if isinstance(table, TableFile) else table.read_bytes()
    except OSError as error:
        raise InputError(
            "The table of edits {path} cannot be read: {strerror}.", path=name, strerror=error.strerror
        ) from None
    rows, first, findings = table_rows(name, data)
    names = [cleaned(uncell(cell)).lower() for cell in rows[0]]
    heads = _Heads.of(name, [_ALSO.get(name, name) if "label" not in names else name for name in names])
    changes, problems = [], list[str]()
    for line, row in enumerate(rows[1:], first + 1):
        if any(cell.strip() for cell in row):
            place = Message("line {lineno}", lineno=line)
            try:
                changes.append(heads.change(row, place))
            except InputError as error:
                problems.append(Message("{line}: {reason}", line=place, reason=error))
    if problems:
        raise InputError(
            "{count} lines of {path} cannot be understood:\n{problems}",
            count=len(problems),
            path=name,
            problems=joined("\n", problems[:_TOLD]),
        )
    return changes, [*findings, *heads.findings()]


def exclusion(word: str) -> bool:
    """Return whether a cell says that a picture is left out.

    Raises:
        InputError: it is neither a yes nor a no.
    """
    answer = YES_WORDS.get(word.strip().casefold())
    if answer is None:
        raise InputError("exclude is {word}; expected yes or no, 1 or 0, or nothing", word=word[:80])
    return answer


@dataclass(frozen=True)
class _Heads:
    """The heads of a table of edits, and which column each known one has."""

    names: Sequence[str]
    columns: Mapping[str, int]

    @classmethod
    def of(cls, table: str, names: Sequence[str]) -> "_Heads":
        columns = {name: names.index(name) for name in _KNOWN if name in names}
        if twice := next((name for name in columns if names.count(name) > 1), None):
            raise InputError("{path} has two columns {name}; keep one.", path=table, name=twice)
        misspelt = cls._misspelt(names, columns)
        if not set(_NAMES) & set(columns) or not set(_DOES) & set(columns) or misspelt:
            raise InputError(
                "{path} has the columns {names}; expected path or sha256, and at least one of label, exclude and "
                "split. {hint}",
                path=table,
                names=", ".join(names)[:200],
                hint=misspelt or Message("Begin the table with the line path,label,exclude,split."),
            )
        return cls(names, columns)

    @staticmethod
    def _misspelt(names: Sequence[str], columns: Mapping[str, int]) -> str | None:
        for name in names:
            close = difflib.get_close_matches(name, [one for one in _KNOWN if one not in columns], 1, 0.75)
            if name not in _KNOWN and close:
                return Message("Did you mean {close} by {name}?", close=close[0], name=name)
        return None

    def change(self, row: Sequence[str], place: str) -> Change:
        """Return the change of a line.

        Raises:
            InputError: a cell cannot be understood.
        """
        if any(cell.strip() for cell in row[len(self.names) :]):
            raise InputError(
                "it has {row} cells, the head has {names}; put a cell with the delimiter in it into quotes",
                row=len(row),
                names=len(self.names),
            )
        word = self._cell(row, "split")
        split = split_of_cell(word, None) if word else None
        if word and split is None:
            words = ", ".join(split_words(None))
            raise InputError("its split is {word}; expected {flag}", word=word[:80], flag=words)
        label = cleaned(uncell(self._cell(row, "label")))
        if len(label) > 200:
            raise InputError("its label has {count} characters; at most 200 can be kept", count=len(label))
        return Change(
            place=place,
            path=self._cell(row, "path"),
            sha256=self._cell(row, "sha256"),
            label=label or None,
            exclude=exclusion(self._cell(row, "exclude")),
            split=split,  # type: ignore[arg-type]
            why=uncell(self._cell(row, "why")),
        )

    def findings(self) -> Iterator[Finding]:
        """Yield which columns are not read."""
        other = [name for name in self.names if name and name not in _KNOWN]
        if other:
            yield Finding(
                "columns-unread",
                Message("these columns of the table of edits are not read: {names}", names=", ".join(other)[:200]),
            )

    def _cell(self, row: Sequence[str], name: str) -> str:
        column = self.columns.get(name)
        return row[column].strip() if column is not None and column < len(row) else ""
