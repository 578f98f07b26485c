"""File locks: each goes with the process that holds it, however that ends and whatever its computer is called."""

import fcntl
from pathlib import Path
from typing import IO

__all__ = ["is_held", "take"]


def take(file: IO[str]) -> bool:
    """Lock an open file for this process; False where another holds it.

    On a file system that knows no locks this is True: the number of the attempt must keep starts apart.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def is_held(path: Path) -> bool | None:
    """Whether a process holds the lock on ``path``; None if that cannot be known.

    A file that is not there is held by nobody.
    """
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that look do not see each other
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False
