"""What datasets and models have in common: names, notes, groups, owners, and the bin."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, true, update

from glasshouse.errors import ConflictError, MissingError, Problem, RecipeError, RefusedError
from glasshouse.store.database import Store
from glasshouse.store.records import DatasetRecord, ModelRecord, Role, UserRecord

__all__ = [
    "Listing",
    "change",
    "check_change",
    "checked_name",
    "conditions",
    "groups",
    "ordering",
    "put_back",
    "visible",
]

NAME_LENGTH = 120
NOTES_LENGTH = 20_000


@dataclass(frozen=True)
class Listing:
    """Which records to list: ``sort`` is a column, with - before it for falling; ``binned`` shows the bin instead."""

    search: str = ""
    group: str | None = None
    binned: bool = False
    sort: str = "-created_at"
    limit: int = 200
    offset: int = 0


def visible(table: Table, viewer: UserRecord | None) -> ColumnElement[bool]:
    """Return the condition for what ``viewer`` may see; None means that there are no accounts."""
    if viewer is None or viewer.role is Role.ADMIN:
        return true()
    return or_(table.c.owner_id == viewer.id, table.c.shared, table.c.owner_id.is_(None))


def conditions(table: Table, viewer: UserRecord | None, listing: Listing) -> ColumnElement[bool]:
    """Return the condition for what ``listing`` asks for."""
    found = [
        visible(table, viewer),
        table.c.deleted_at.is_not(None) if listing.binned else table.c.deleted_at.is_(None),
    ]
    if listing.group is not None:
        found.append(table.c.group_name == listing.group)
    for word in listing.search.lower().split():
        places = (table.c.name, table.c.notes, table.c.group_name)
        found.append(or_(*(func.lower(place).contains(word, autoescape=True) for place in places)))
    return and_(*found)


def ordering(table: Table, sort: str) -> ColumnElement[Any]:
    """Return the order of a listing.

    Raises:
        RecipeError: there is no such column to sort by.
    """
    name = sort.removeprefix("-")
    if (
        name not in ("created_at", "updated_at", "name", "group_name", "pictures", "size", "network")
        or name not in table.c
    ):
        raise RecipeError("the list", [Problem("sort", f"cannot sort by {name}; try created_at or name")])
    column: ColumnElement[Any] = func.lower(table.c[name]) if name in ("name", "group_name") else table.c[name]
    return column.desc() if sort.startswith("-") else column.asc()


def check_change(record: DatasetRecord | ModelRecord, viewer: UserRecord | None) -> None:
    """Refuse a change by who may only look.

    Raises:
        RefusedError: ``viewer`` is a viewer, or the record is somebody else's.
    """
    if viewer is None or viewer.role is Role.ADMIN:
        return
    if viewer.role is Role.VIEWER:
        raise RefusedError("Your account may look and not change; ask an admin for the role member.")
    if record.owner_id not in (None, viewer.id):
        raise RefusedError(f"{record.name} is somebody else's; only its owner or an admin may change it.")


def change(store: Store, table: Table, record: DatasetRecord | ModelRecord, changes: dict[str, Any]) -> None:
    """Change name, notes, group or sharing; ``revision`` among the changes guards against two people editing at once.

    Raises:
        RecipeError: a field is wrong, or cannot be changed.
        ConflictError: somebody else changed it meanwhile.
    """
    asked = dict(changes)
    revision = asked.pop("revision", None)
    problems = [problem for name, value in asked.items() if (problem := _problem(name, value))]
    if problems:
        raise RecipeError("the change", problems)
    if "name" in asked:
        asked["name"] = asked["name"].strip()
    query = update(table).where(table.c.id == record.id)
    if revision is not None:
        query = query.where(table.c.revision == revision)
    with store.write() as connection:
        done = connection.execute(query.values(**asked, revision=table.c.revision + 1, updated_at=time.time()))
    if not done.rowcount:
        raise ConflictError(f"{record.name} was changed by somebody else meanwhile; reload it, then change it again.")


def put_back(store: Store, table: Table, ids: Sequence[str], deleted_at: float | None) -> None:
    """Put records into the bin (``deleted_at`` is now) or take them out of it (None)."""
    with store.write() as connection:
        connection.execute(update(table).where(table.c.id.in_(ids)).values(deleted_at=deleted_at))


def remove(store: Store, table: Table, record_id: str) -> None:
    """Delete a record for good."""
    with store.write() as connection:
        connection.execute(delete(table).where(table.c.id == record_id))


def groups(store: Store, table: Table, viewer: UserRecord | None) -> list[str]:
    """Return the names of the groups in use, sorted."""
    query = select(table.c.group_name).where(visible(table, viewer), table.c.deleted_at.is_(None)).distinct()
    with store.read() as connection:
        return sorted(name for name in connection.execute(query).scalars() if name)


def checked_name(name: object) -> list[Problem]:
    """Return what is wrong with the name of a new thing."""
    problem = _problem("name", name)
    return [problem] if problem else []


def missing(kind: str, record_id: str) -> MissingError:
    """Return the error for what is not there, or may not be seen."""
    return MissingError(f"There is no {kind} {record_id}.")


def _problem(name: str, value: object) -> Problem | None:
    if name == "shared":
        return None if isinstance(value, bool) else Problem(name, "expected true or false")
    if name not in ("name", "notes", "group_name"):
        return Problem(name, "cannot be changed; there are name, notes, group_name, shared")
    if not isinstance(value, str):
        return Problem(name, "expected a text")
    if name == "name" and not value.strip():
        return Problem(name, "needed, and not given")
    longest = NOTES_LENGTH if name == "notes" else NAME_LENGTH
    return Problem(name, f"at most {longest} letters, got {len(value)}") if len(value) > longest else None
