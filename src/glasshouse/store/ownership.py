"""What datasets, models and networks have in common: names, notes, groups, owners, and the bin."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    true,
    update,
)

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, MissingError, Problem, RecipeError, RefusedError
from glasshouse.messages import Message, joined
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.names import containing, entered
from glasshouse.store.paging import Order
from glasshouse.store.records import OwnedRecord, Role, UserRecord
from glasshouse.store.tables import jobs

__all__ = [
    "NAME_LENGTH",
    "Listing",
    "change",
    "check_change",
    "check_member",
    "checked_name",
    "conditions",
    "groups",
    "may_change",
    "may_see",
    "missing",
    "sorting",
    "visible",
]

NAME_LENGTH = 120
NOTES_LENGTH = 20_000
DESCRIBED = ("name", "notes", "group_name", "shared")
PARTS = ("layers", "objective", "optimizer")  # of a network


@dataclass(frozen=True)
class Listing:
    """Which records to list: ``sort`` is a column, with - before it for falling; ``binned`` shows the bin instead.

    ``states`` are those of the job (none: all); ``owner`` is ``mine``, ``others`` or nothing. A page begins behind the
    mark ``after``, or ends ahead of the mark ``before`` (``paging``), else at ``offset``.
    """

    search: str = ""
    group: str | None = None
    binned: bool = False
    sort: str = "-created_at"
    limit: int = 200
    offset: int = 0
    states: tuple[str, ...] = ()
    owner: str = ""
    after: str = ""
    before: str = ""


def visible(table: Table, viewer: UserRecord | None) -> ColumnElement[bool]:
    """Return the condition for what ``viewer`` may see; None means that there are no accounts."""
    if viewer is None or viewer.role is Role.ADMIN:
        return true()
    return or_(table.c.owner_id == viewer.id, table.c.shared, table.c.owner_id.is_(None))


def may_see(record: OwnedRecord, viewer: UserRecord | None) -> bool:
    """Whether ``viewer`` may see a record that was looked up for all: ``visible`` in Python."""
    return viewer is None or viewer.role is Role.ADMIN or record.shared or record.owner_id in (None, viewer.id)


def conditions(table: Table, viewer: UserRecord | None, listing: Listing, *more: Any) -> ColumnElement[bool]:
    """Return the condition for what ``listing`` asks for; ``more`` are further columns in which words are looked for.

    The bin holds what ``viewer`` could put back: not what others have shared and thrown away.
    """
    found = [visible(table, viewer)]
    if listing.binned:
        found += [table.c.deleted_at.is_not(None), _own(table, viewer)]
    else:
        found += [table.c.deleted_at.is_(None)]
    if listing.group is not None:
        found.append(table.c.group_name == listing.group)
    if listing.states:
        found.append(jobs.c.state.in_(listing.states))
    if listing.owner and viewer is not None:
        mine = table.c.owner_id == viewer.id
        found.append(mine if listing.owner == "mine" else or_(table.c.owner_id.is_(None), ~mine))
    found += containing(listing.search, (table.c.name, table.c.notes, table.c.group_name, *more))
    return and_(*found)


def sorting(table: Table, sort: str) -> Order:
    """Return the order of a listing of datasets or models, joined with ``jobs``, or of networks.

    Raises:
        RecipeError: there is no such column to sort by.
    """
    name, c = sort.removeprefix("-"), table.c
    keys: dict[str, ColumnElement[Any]] = {
        "created_at": c.created_at, "updated_at": c.updated_at, "name": func.lower(c.name, type_=Text),
        "group_name": func.lower(c.group_name, type_=Text),
        "deleted_at": func.coalesce(c.deleted_at, 0.0),
    }  # fmt: skip
    if "job_id" in c:
        keys |= {"state": jobs.c.state}
    if "scores" in c:
        accuracy, so_far = (c.scores[key].as_float() for key in ("accuracy", "valid_accuracy"))
        keys |= {"network": func.lower(c.network, type_=Text), "score": func.coalesce(accuracy, so_far, -1.0)}
    elif "parameters" in c:
        keys |= {"parameters": c.parameters}
    else:
        keys |= {
            "pictures": func.coalesce(c.pictures, -1, type_=BigInteger),
            "size": func.coalesce(c.size, -1, type_=BigInteger),
        }
    if name not in keys:
        raise RecipeError(
            "the list",
            [
                Problem(
                    "sort", Message("cannot sort by {name}; there are {keys}", name=name, keys=", ".join(sorted(keys)))
                )
            ],
        )
    return Order(keys[name], c.id, sort.startswith("-"))


def may_change(owner_id: str | None, viewer: UserRecord | None) -> bool:
    """Whether ``viewer`` may change what ``owner_id`` owns: admins all, members their own and what nobody owns."""
    if viewer is None or viewer.role is Role.ADMIN:
        return True
    return viewer.role is Role.MEMBER and owner_id in (None, viewer.id)


def check_change(record: OwnedRecord, viewer: UserRecord | None) -> None:
    """Refuse a change by who may only look.

    Raises:
        RefusedError: ``viewer`` is a viewer, or the record is somebody else's.
    """
    if may_change(record.owner_id, viewer):
        return
    if viewer is not None and viewer.role is Role.VIEWER:
        raise RefusedError("Your account may look and not change; ask an admin for the role member.")
    if viewer is not None:
        raise RefusedError("{title} is somebody else's; only its owner or an admin may change it.", title=record.name)


def check_member(user: UserRecord | None) -> None:
    """Refuse work asked for by who may only look.

    Raises:
        RefusedError: the person is a viewer.
    """
    if user is not None and user.role is Role.VIEWER:
        raise RefusedError("Your account may look and not make things; ask an admin for the role member.")


def change(
    store: Store, table: Table, record: OwnedRecord, changes: Mapping[str, Any],
    checked: Mapping[str, Any] | None = None, *, user: UserRecord | None = None,
) -> None:  # fmt: skip
    """Change name, notes, group or sharing; ``revision`` among the changes guards against two people editing at once.

    ``checked`` are values of other columns, which the caller has checked; ``user`` is in the audit log.

    Raises:
        RecipeError: a field is wrong, or cannot be changed.
        ConflictError: somebody else changed it meanwhile.
    """
    asked = dict(changes)
    revision = asked.pop("revision", None)
    problems = [problem for name, value in asked.items() if (problem := _problem(name, value))]
    if problems:
        raise RecipeError("the change", problems)
    kept = {"name": entered, "group_name": composed, "notes": composed}
    asked |= {name: kept[name](value) for name, value in asked.items() if name in kept}
    values = {**asked, **(checked or {})}
    query = update(table).where(table.c.id == record.id)
    if revision is not None:
        query = query.where(table.c.revision == revision)
    with store.write() as connection:
        now = connection.execute(select(table).where(table.c.id == record.id)).first()
        done = connection.execute(query.values(**values, revision=table.c.revision + 1, updated_at=time.time()))
        if now is not None and done.rowcount:
            _log_change(connection, user, table, now._mapping, values)
    if not done.rowcount:
        raise _changed_meanwhile(record, asked, now)


def _changed_meanwhile(record: OwnedRecord, asked: Mapping[str, Any], now: Row[Any] | None) -> ConflictError:
    differ = [(name, value, now._mapping[name]) for name, value in asked.items()] if now else []
    told = joined(
        "; ",
        (
            Message("{name} is now {there}, you sent {mine}", name=name, there=repr(there), mine=repr(mine))
            for name, mine, there in differ
            if there != mine
        ),
    )
    return ConflictError(
        "{name} was changed by somebody else meanwhile{told}{told2}. Yours was not saved; look at both, then "
        "send what you want with the revision that it has now.",
        name=record.name,
        told=": " * bool(told),
        told2=told,
    )


def _log_change(
    connection: Connection, user: UserRecord | None, table: Table, before: RowMapping, values: Mapping[str, Any]
) -> None:
    """Write what was changed, and what it was before; nothing if all is as it was."""
    kind, name = table.name.removesuffix("s"), values.get("name", before["name"])
    differ = [field for field in (*DESCRIBED, *PARTS) if field in values and values[field] != before[field]]
    if differ == ["shared"]:
        log_action(connection, user, f"{kind}-{'share' if values['shared'] else 'unshare'}", before["id"], name)
    elif differ:
        told = [f"{field} was {before[field]!r}" if field in DESCRIBED else f"other {field}" for field in differ]
        log_action(connection, user, f"{kind}-change", before["id"], f"{name}: {'; '.join(told)}")


def _own(table: Table, viewer: UserRecord | None) -> ColumnElement[bool]:
    if viewer is None or viewer.role is Role.ADMIN:
        return true()
    return or_(table.c.owner_id == viewer.id, table.c.owner_id.is_(None))


def groups(store: Store, table: Table, viewer: UserRecord | None) -> list[str]:
    """Return the names of the groups in use, sorted."""
    query = select(table.c.group_name).where(visible(table, viewer), table.c.deleted_at.is_(None)).distinct()
    with store.read() as connection:
        return sorted(name for name in connection.execute(query).scalars() if name)


def checked_name(text: object, field: str = "name") -> list[Problem]:
    """Return what is wrong with the name of a new thing, or with its ``notes`` or ``group_name``."""
    problem = _problem(field, text)
    return [problem] if problem else []


def missing(kind: str, record_id: str) -> MissingError:
    """Return the error for what is not there, or may not be seen."""
    return MissingError("There is no {kind} {record_id}.", kind=Message(kind), record_id=record_id)


def _problem(name: str, value: object) -> Problem | None:
    if name == "shared":
        return None if isinstance(value, bool) else Problem(name, "expected true or false")
    if name not in ("name", "notes", "group_name"):
        return Problem(name, "cannot be changed; there are name, notes, group_name, shared")
    if not isinstance(value, str):
        return Problem(name, "expected a text")
    if name == "name" and not value.strip():
        return Problem(name, "required")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return Problem(name, "a text with a letter that cannot be kept (U+0000, or half a letter)")
    longest = NOTES_LENGTH if name == "notes" else NAME_LENGTH
    return (
        Problem(name, Message("at most {longest} letters, got {value}", longest=longest, value=len(value)))
        if len(value) > longest
        else None
    )
