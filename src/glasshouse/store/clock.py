"""The one clock that hosts agree on: the database's. Leases are written and judged by it, never by a host's own."""

import time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, cast, func, literal, select

__all__ = ["clock", "database_time"]


def clock(connection: Connection) -> ColumnElement[Any]:
    """Return the time of now as an expression, in seconds since 1970.

    PostgreSQL's own at the moment of the statement; with SQLite, whose file has one computer, that computer's.
    """
    if connection.dialect.name == "postgresql":
        return cast(func.extract("epoch", func.clock_timestamp()), Double)
    return literal(time.time())


def database_time(connection: Connection) -> float:
    """Return the time of now, in seconds since 1970."""
    return float(connection.execute(select(clock(connection))).scalar_one())
