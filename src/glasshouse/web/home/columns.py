"""The columns of the lists at home: which there are, which are usual, and which a person chose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["COLUMNS", "Column", "chosen", "cookie_of", "written"]


@dataclass(frozen=True)
class Column:
    """One column: the word by which its list is sorted (empty: it is not), how it stands, and who has it.

    ``usual``: shown unless chosen otherwise; ``number``: is at the right; ``people``: if there are accounts.
    """

    sort: str = ""
    usual: bool = False
    number: bool = False
    people: bool = False


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "models": {
        "state": Column("state", usual=True),
        "score": Column("score", usual=True),
        "curve": Column(usual=True),
        "network": Column("network", usual=True),
        "dataset": Column(usual=True),
        "group": Column("group"),
        "loss": Column(number=True),
        "epochs": Column(number=True),
        "rate": Column(number=True),
        "batch": Column(number=True),
        "time": Column(number=True),
        "notes": Column(),
        "owner": Column(usual=True, people=True),
        "shared": Column(people=True),
        "changed": Column("changed"),
        "created": Column("created", usual=True),
    },
    "datasets": {
        "strip": Column(usual=True),
        "state": Column("state", usual=True),
        "pictures": Column("pictures", usual=True, number=True),
        "classes": Column(usual=True, number=True),
        "side": Column(usual=True),
        "bytes": Column("size", number=True),
        "uses": Column(usual=True, number=True),
        "group": Column("group"),
        "notes": Column(),
        "owner": Column(usual=True, people=True),
        "shared": Column(people=True),
        "changed": Column("changed"),
        "created": Column("created", usual=True),
    },
}


def chosen(kind: str, accounts: bool, *wishes: str | None) -> list[str]:
    """Return the columns of the list of ``kind`` (``models`` or ``datasets``), in their fixed order.

    ``wishes`` are texts such as ``state,score``: the first that is not None counts; none: the usual ones. The name is
    always there, and is no column to choose.
    """
    wish = next((one for one in wishes if one is not None), None)
    asked = None if wish is None else set(wish.split(","))
    there = {key: one for key, one in COLUMNS[kind].items() if accounts or not one.people}
    return [key for key, one in there.items() if (one.usual if asked is None else key in asked)]


def written(kind: str, columns: Iterable[str]) -> str:
    """Return a choice as a text for a cookie or an address; unknown words are left out."""
    asked = set(columns)
    return ",".join(key for key in COLUMNS[kind] if key in asked)


def cookie_of(kind: str) -> str:
    """Return the name of the cookie, and of the word in an address, that hold the columns of a list."""
    return f"{kind}-columns"
