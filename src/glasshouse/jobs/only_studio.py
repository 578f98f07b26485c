"""One Studio per home: the second one is told about the first, and refused."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from glasshouse import __version__
from glasshouse.errors import ConflictError
from glasshouse.jobs.locks import take
from glasshouse.store.database import Store
from glasshouse.store.migrations import MIGRATIONS

__all__ = ["Opened", "only_studio"]

VERSION = f"{__version__}-{max(MIGRATIONS)}"  # of the program and of its database
PATIENCE = 100.0  # seconds for a Studio that is ending: its jobs keep their work first


class Opened:
    """The file that the Studio holds while it is open, and says who it is; ``name`` is of no other of the home."""

    def __init__(self, file: IO[str], name: str) -> None:
        self._file = file
        self.name = name

    def tell(self, address: str, *, ending: bool = False) -> None:
        """Write who holds the home, for the next Studio that wants it; without a token."""
        told = {"pid": os.getpid(), "host": socket.gethostname(), "address": address, "ending": ending}
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(told))
        self._file.flush()


@contextmanager
def only_studio(store: Store, version: str = VERSION, patience: float = PATIENCE) -> Iterator[Opened]:
    """Be the one Studio of the home, while it is open; one that is just ending is waited for.

    The lock goes with its process, so nothing is left by one that was killed. With PostgreSQL several computers may
    have a Studio on one home each. A Studio of another version is no obstacle: it makes room by itself.

    Raises:
        ConflictError: another Studio is open on this home.
    """
    path = _lock_file(store, version)
    deadline, said = time.monotonic() + patience, False
    with path.open("a+", encoding="utf-8") as file:
        while not take(file):
            first = _first(path)
            if not first.get("ending") or time.monotonic() > deadline:
                raise ConflictError(_refusal(store, first))
            if not said:
                sys.stderr.write(f"The Studio before this one is ending (process {first['pid']}); waiting for it.\n")
                said = True
            time.sleep(0.1)
        opened = Opened(file, path.stem)
        opened.tell("")
        yield opened


def _lock_file(store: Store, version: str) -> Path:
    """With SQLite all is on one computer, whatever its name; with PostgreSQL each computer has its own lock."""
    where = f"{socket.gethostname()}-" if store.shared else ""
    return store.home / f"studio-{where}{version}.lock"


def _first(path: Path) -> dict[str, object]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it is just being written
        return {}
    return told if isinstance(told, dict) else {}


def _refusal(store: Store, first: dict[str, object]) -> str:
    pid, host, address = (first.get(word) for word in ("pid", "host", "address"))
    who = f" (process {pid} on {host}{f', {address}' if address else ''})" if pid else ""
    stop = f"stop it first: kill {pid}" if pid and host == socket.gethostname() else "stop it first"
    return (
        f"Another Studio is open on {store.home}{who}. Use that one, or {stop}, or start this one with another --home."
    )
