"""When a worker leaves its jobs to themselves and goes: its Studio is gone, its home moved, or Glasshouse updated."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from glasshouse import __version__
from glasshouse.errors import ConflictError
from glasshouse.jobs.locks import take
from glasshouse.store.database import Store
from glasshouse.store.versions import successor

__all__ = ["BUSY", "GONE", "OUTDATED", "Leave", "only_worker", "reason_to_leave", "worker_lock"]

ALONE, BUSY, OUTDATED, GONE = 0, 3, 4, 5  # exit codes: the Studio is gone, there is a worker, another version came, ...
BETWEEN = 5.0  # seconds between two looks at the version

Leave = Callable[[], int | None]


def reason_to_leave(store: Store, parent: int | None, lock: Path) -> Leave:
    """Return a function that gives the exit code where the worker must go, and None while it may stay.

    Jobs go on meanwhile: the next worker adopts them, and they watch for themselves that their home is there, and
    whether another Glasshouse came (``lifeline``).
    """
    seen = lock.stat().st_ino
    looked = 0.0

    def leave() -> int | None:
        nonlocal looked
        if parent is not None and os.getppid() != parent:
            return ALONE
        if time.monotonic() - looked < BETWEEN:
            return None
        looked = time.monotonic()
        if not lock.exists() or lock.stat().st_ino != seen:
            sys.stderr.write(
                f"The Studio's home {store.home} was moved or deleted. Start the Studio where it is now.\n"
            )
            return GONE
        if other := successor(store):
            sys.stderr.write(
                f"The Studio was opened by {other}, and this worker is of {__version__}: it ends, and its jobs go on "
                "there. To work here too, install the same version and start the Studio again.\n"
            )
            return OUTDATED
        return None

    return leave


@contextmanager
def only_worker(store: Store, host: str | None = None, patience: float = 0.0) -> Iterator[Path]:
    """Be the one worker of the home on this computer; gives the file that is locked.

    The worker of a Studio that was just killed is leaving: it is waited for, ``patience`` seconds at most.

    Raises:
        ConflictError: there is one already.
    """
    path = worker_lock(store, host or socket.gethostname())
    deadline = time.monotonic() + patience
    with path.open("a") as file:
        while not take(file):
            if time.monotonic() > deadline:
                raise ConflictError(
                    "Another worker{path} works on {home}. Stop it, or the Studio that started it.",
                    path=_process(path),
                    home=store.home,
                )
            time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield path


def worker_lock(store: Store, host: str) -> Path:
    """Return the file that the worker of ``host`` holds while it lives."""
    return store.home / f"worker-{host}.lock"


def _process(lock: Path) -> str:
    """Return which process holds a lock, in words; one of an earlier version did not say."""
    try:
        told = lock.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
    return f" (process {told})" if told.isdigit() else ""
