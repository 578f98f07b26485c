"""What a dataset's page tells beside its pictures: files left out and why, and pictures that look the same."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from glasshouse.data.check import reason_of
from glasshouse.data.dataset import Dataset, Twin
from glasshouse.data.stored.spreadsheet import read_rows
from glasshouse.messages import altered
from glasshouse.web.datasets.explorer import opened

__all__ = ["LeftOut", "left_out_files", "reasons", "twin_groups", "twins_of"]

GROUPS, MEMBERS = 30, 24  # of twins, shown on one page
NUMBERS = re.compile(r"'[^']*'|\d[\d,.]*")  # what differs between reasons of one kind


@dataclass(frozen=True)
class LeftOut:
    """A file that was left out: its ``number`` in the list; ``kind`` is the reason without numbers and names.

    ``sha256`` is that of its content, "" or "-" where it was not read.
    """

    number: int
    path: str
    reason: str
    kind: str
    sha256: str

    @property
    def read(self) -> bool:
        """Whether its content was read, so that it may be a picture after all."""
        return len(self.sha256) == 64


def left_out_files(dataset: Dataset) -> Sequence[LeftOut]:
    """Return all files that were left out of a dataset, sorted by path."""
    return _left_out(dataset.path, dataset.fingerprint)


def reasons(dataset: Dataset) -> Mapping[str, int]:
    """Return how often each kind of reason occurs, the commonest first."""
    return dict(Counter(one.kind for one in left_out_files(dataset)).most_common(20))


def twin_groups(
    dataset: Dataset, after: int = -1, torn: bool = False
) -> tuple[list[list[tuple[Twin, int | None]]], int, int | None]:
    """Return a page of groups of twins, each member with its row, how many groups there are, and where to go on.

    ``after`` is the number of the last group of the page before; ``torn`` keeps groups of several classes only.
    """
    groups = [g for g in _groups(dataset.path, dataset.fingerprint) if not torn or len({twin.label for twin in g}) > 1]
    page = [group for group in groups if group[0].group > after][: GROUPS + 1]
    shown = [group[:MEMBERS] for group in page[:GROUPS]]
    rows = _rows(dataset, [twin for group in shown for twin in group])
    told = [[(twin, rows.get((twin.split, twin.path))) for twin in group] for group in shown]
    return told, len(groups), shown[-1][0].group if len(page) > GROUPS else None


def twins_of(dataset: Dataset, path: str, split: str) -> list[tuple[Twin, int | None]]:
    """Return the pictures that look the same as one, without itself."""
    place = _index(dataset.path, dataset.fingerprint).get((split, path))
    group = _groups(dataset.path, dataset.fingerprint)[place] if place is not None else ()
    others = [twin for twin in group if (twin.split, twin.path) != (split, path)][:MEMBERS]
    rows = _rows(dataset, others)
    return [(twin, rows.get((twin.split, twin.path))) for twin in others]


def _rows(dataset: Dataset, twins: Sequence[Twin]) -> dict[tuple[str, str], int]:
    rows: dict[tuple[str, str], int] = {}
    for name, split in dataset.splits.items():
        paths = [twin.path for twin in twins if twin.split == name]
        if paths:
            rows |= {(name, path): row for path, row in split.rows_of(paths).items()}
    return rows


@lru_cache(maxsize=4)
def _groups(path: Path, _fingerprint: str) -> Sequence[Sequence[Twin]]:
    found = sorted(opened(path).twins, key=lambda twin: twin.group)
    return tuple(tuple(members) for _, members in groupby(found, key=lambda twin: twin.group))


@lru_cache(maxsize=4)
def _index(path: Path, fingerprint: str) -> Mapping[tuple[str, str], int]:
    groups = enumerate(_groups(path, fingerprint))
    return {(twin.split, twin.path): place for place, group in groups for twin in group}


def _without_numbers(text: str) -> str:
    return NUMBERS.sub("…", text)


@lru_cache(maxsize=4)
def _left_out(path: Path, _fingerprint: str) -> Sequence[LeftOut]:
    rows = read_rows(path / "rejected.csv")
    return tuple(
        LeftOut(number, row["path"], reason, altered(reason, _without_numbers), row.get("sha256") or "")
        for number, row in enumerate(rows)
        for reason in (reason_of(row),)
    )
