"""Why a job failed, in words for the person who waits for it."""

import errno
import signal
import sqlite3

from glasshouse.errors import GlasshouseError

__all__ = ["reason_of", "reason_of_exit"]

MEMORY = (
    "The memory ran out. Choose a smaller batch, smaller pictures or a smaller network, or end other programs; "
    "then resume it."
)


def reason_of(error: BaseException) -> str:
    """Return what happened and the next step."""
    if isinstance(error, GlasshouseError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return MEMORY
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.OperationalError) and "full" in str(error)):
        return "The disk is full. Delete what is no longer needed (the bin, old checkpoints), then resume it."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {error.filename}. Put it back or allow it, then resume."
    if "CUDA" in str(error):
        return f"The GPU failed: {str(error).splitlines()[0]}. Resume it; if it fails again, restart the computer."
    return f"Something unexpected happened ({type(error).__name__}: {str(error)[:300]}). Resuming may help."


def reason_of_exit(code: int | None) -> str:
    """Return what the exit code of a process that said nothing tells; None where it is not known."""
    if code is None:
        return "Its process ended without a word: it was killed, or the computer was restarted. Resume it."
    if code == -signal.SIGKILL:
        return (
            "Its process was killed (signal 9). Most often the computer's memory ran out: choose a smaller batch or "
            "smaller pictures, or end other programs; then resume it."
        )
    if code < 0:
        return f"Its process was ended by {_signal(-code)}. Resume it."
    return f"Its process ended with code {code} and said nothing more; its log may tell why. Resume it."


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
