"""Keyset paging: a page begins behind the last row of the one before, so the hundredth costs what the first does."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, and_, or_

from glasshouse.errors import Problem, RecipeError

__all__ = ["Order", "Page", "page_of"]

T = TypeVar("T")
GREATEST = 2**63  # what a database takes as a whole number


@dataclass(frozen=True)
class Order:
    """How rows are ordered: by ``key``, which is never NULL, then by ``tie``, which no two rows share.

    The key's type tells what a mark may hold: say it where the database's function does not (``lower``).
    """

    key: ColumnElement[Any]
    tie: Column[Any]
    falling: bool


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the marks from which the rows before and after them are asked; None if there are none."""

    items: Sequence[T]
    before: str | None
    after: str | None


def page_of(
    connection: Connection, query: Select[Any], order: Order, *, after: str = "", before: str = "", limit: int = 50
) -> Page[Row[Any]]:
    """Return ``limit`` rows behind the mark ``after``, or those just ahead of the mark ``before``; each row has the
    key as its last column.

    Raises:
        RecipeError: the mark is none of ours.
    """
    back = bool(before)
    rising = order.falling == back
    if mark := before or after:
        query = query.where(_beyond(order, rising, mark, "before" if back else "after"))
    ways = [order.key, order.tie]
    ordered = query.add_columns(order.key).order_by(*(way.asc() if rising else way.desc() for way in ways))
    rows = list(connection.execute(ordered.limit(limit + 1)).all())
    more, rows = len(rows) > limit, rows[:limit]
    if back:
        rows.reverse()
    return Page(
        rows,
        _mark(rows[0], order) if rows and (more if back else bool(after)) else None,
        _mark(rows[-1], order) if rows and (back or more) else None,
    )


def _beyond(order: Order, rising: bool, mark: str, field: str) -> ColumnElement[bool]:
    try:
        value, tie = json.loads(base64.urlsafe_b64decode(mark.encode()))
        if not (_fits(tie, str) and _fits(value, order.key.type.python_type)):
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise RecipeError("the list", [Problem(field, "is no mark of this list; begin at its first page")]) from None
    if rising:
        return or_(order.key > value, and_(order.key == value, order.tie > tie))
    return or_(order.key < value, and_(order.key == value, order.tie < tie))


def _fits(value: object, kind: type) -> bool:
    """Whether a value of a mark can be beside a column of ``kind`` in a database."""
    if kind is str:
        return isinstance(value, str) and "\0" not in value and value == value.encode(errors="ignore").decode()
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < GREATEST


def _mark(row: Row[Any], order: Order) -> str:
    return base64.urlsafe_b64encode(json.dumps([row[-1], row._mapping[order.tie]]).encode()).decode()
