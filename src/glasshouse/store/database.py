"""The Studio's home folder and its database: short transactions, and one way to write."""

import json
import math
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DataError, OperationalError

from glasshouse.errors import InputError, StoreError
from glasshouse.messages import Message
from glasshouse.store.migrations import migrate

__all__ = ["Store", "new_id", "open_store"]

BUSY_SECONDS = 30.0
DATABASE = "glasshouse.db"


class Store:
    """The database at ``url`` and the files under ``home``; ``folders`` are those whose pictures may be named.

    The home has ``datasets/ID``, ``runs/ID`` (the run of a model), ``uploads/ID``, ``work/ID`` (what a job leaves) and
    ``glasshouse.db``. Paths in the database are relative to it, so it can be moved.
    """

    def __init__(self, home: Path, engine: Engine, folders: tuple[Path, ...] = ()) -> None:
        self.home = home
        self.engine = engine
        self.folders = folders

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a short transaction that only reads."""
        with _plain_errors(self.home), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a short transaction that writes; on SQLite it holds the writer's lock from its first line."""
        with (
            _plain_errors(self.home),
            self.engine.connect().execution_options(glasshouse_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def path(self, folder: str) -> Path:
        """Return where a folder of the records (such as ``runs/ID``) lies."""
        return self.home / folder

    @property
    def shared(self) -> bool:
        """Whether several computers may work on the database."""
        return self.engine.dialect.name != "sqlite"

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_store(home: str | Path, url: str | None = None, folders: tuple[Path, ...] = ()) -> Store:
    """Open the Studio's store at ``home``, made and brought up to date where needed; ``url`` for PostgreSQL.

    Raises:
        StoreError: the database cannot be opened, or is of a later version.
    """
    place = Path(home).expanduser().resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)  # what it holds is for its owner, also on a computer of many
    for name in ("datasets", "runs", "uploads", "work"):
        (place / name).mkdir(parents=True, exist_ok=True)
    store = Store(place, _engine(url or f"sqlite:///{place / DATABASE}"), tuple(f.resolve() for f in folders))
    try:
        with store.write() as connection:
            migrate(connection)
    except BaseException:
        store.close()
        raise
    return store


def new_id() -> str:
    """Return an id that sorts by time and cannot be guessed: 20261121-043000-1f2e3d4c."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, json_serializer=_written)
    waits = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, json_serializer=_written, connect_args=waits)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _written(value: Any) -> str:
    """Return a value as JSON; numbers that are not finite become null, since JSON has no word for them."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite alone
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={int(BUSY_SECONDS * 1000)}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("glasshouse_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _plain_errors(home: Path) -> Iterator[None]:
    """Turn what the database says into a sentence."""
    try:
        yield
    except DataError as error:
        raise InputError("The Studio's database cannot hold this value: {orig}", orig=error.orig) from error
    except (OperationalError, DatabaseError) as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreError(_way_out(home / DATABASE, error.orig)) from error
        raise StoreError("The Studio's database refused: {orig}", orig=error.orig) from error


def _way_out(file: Path, what: object) -> str:
    return Message(
        "The Studio's database {file} is damaged ({what}). Stop the Studio and put back a copy of the file, or "
        "save what can be read, in that folder: sqlite3 glasshouse.db .recover | sqlite3 saved.db; then put "
        "saved.db in its place. Or move it aside, with its -wal and -shm: the Studio then begins with an empty "
        "one, and the datasets and runs beside it stay usable on the command line: glasshouse predict runs/ID "
        "PICTURE.",
        file=file,
        what=what,
    )
