"""When a worker leaves its jobs to themselves and goes: its Studio is gone, its home moved, or Glasshouse updated."""

import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from glasshouse.errors import ConflictError
from glasshouse.store.database import Store
from glasshouse.store.workers import later_version

__all__ = ["GONE", "OUTDATED", "Leave", "only_worker", "reason_to_leave"]

ALONE, OUTDATED, GONE = 0, 4, 5  # exit codes: the Studio is gone, a later version came, the home is gone
BETWEEN = 5.0  # seconds between two looks at the version

Leave = Callable[[], int | None]


def reason_to_leave(store: Store, parent: int | None, lock: Path) -> Leave:
    """Return a function that gives the exit code where the worker must go, and None while it may stay.

    Jobs go on meanwhile: the next worker adopts them, and they watch for themselves that their home is there.
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
        if later := later_version(store):
            sys.stderr.write(f"A later Glasshouse has updated the Studio's database ({later}). Start this one again.\n")
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
    path = store.home / f"worker-{host or socket.gethostname()}.lock"
    deadline = time.monotonic() + patience
    with path.open("a") as file:
        while not _locked(file):
            if time.monotonic() > deadline:
                raise ConflictError(f"Another worker works on {store.home}; stop that Studio first.")
            time.sleep(0.05)
        yield path


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system that knows no locks
        pass
    return True
