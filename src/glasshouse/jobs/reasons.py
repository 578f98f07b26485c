"""Why a job failed, in words for the person who waits for it; and the exit codes by which its process tells it."""

import errno
import signal
import sqlite3
from collections.abc import Iterator, Mapping

from sqlalchemy.exc import DBAPIError

from glasshouse.errors import (
    DatasetError,
    GlasshouseError,
    MemoryLimitError,
    ModelError,
    NetworkError,
    NoRoomError,
    NotFiniteError,
    PictureError,
    RecipeError,
    SourceError,
    WeightsError,
)
from glasshouse.messages import Message
from glasshouse.store.records import Failure

__all__ = [
    "DISK_FULL",
    "GPU_FAILED",
    "TAKEN",
    "UNTOLD",
    "code_of",
    "failure_of",
    "failure_of_exit",
    "reason_of",
    "reason_of_exit",
]

DISK_FULL = 74  # exit codes
TAKEN = 75  # it found the job in other hands
GPU_FAILED = 76
UNTOLD = 77  # it did or kept its work, and the database did not let it say so: begun again, it ends soon

FULL = Message(
    "The disk is full; nothing half-written is left. Delete what is no longer needed (the bin, old checkpoints), "
    "then resume it."
)
MEMORY = Message(
    "The memory ran out. Choose a smaller batch, smaller pictures or a smaller network, or end other programs; "
    "then resume it."
)
PASSING = (OSError, DBAPIError, sqlite3.OperationalError, EOFError)
GPU_WORDS = ("cuda error", "cudnn error", "cublas", "nccl", "hip error", "no cuda gpus are available")


FAILURES: Mapping[type[BaseException], Failure] = {
    NotFiniteError: Failure.NOT_FINITE,
    MemoryLimitError: Failure.MEMORY,
    MemoryError: Failure.MEMORY,
    DatasetError: Failure.DATASET,
    SourceError: Failure.SOURCE,
    PictureError: Failure.SOURCE,
    NetworkError: Failure.NETWORK,
    WeightsError: Failure.WEIGHTS,
    RecipeError: Failure.RECIPE,
    ModelError: Failure.MODEL,
    NoRoomError: Failure.DISK,
    OSError: Failure.FILE,
}


def reason_of(error: BaseException) -> str:
    """Return what happened and the next step."""
    if is_disk_full(error):
        return FULL
    if isinstance(error, GlasshouseError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return MEMORY
    if isinstance(error, OSError) and error.filename is not None:
        return Message(
            "{strerror}: {filename}. Put it back or allow it, then resume.",
            strerror=error.strerror,
            filename=error.filename,
        )
    if is_gpu_failure(error):
        return Message(
            "The GPU failed: {error}. The last checkpoint is kept. Resume it: it goes to a GPU that works; this "
            "one is tried before it gets another job.",
            error=str(error).splitlines()[0],
        )
    what = f"{type(error).__name__}: {str(error)[:300]}"
    if passes(error):
        return Message("Something unexpected happened ({what}). Resuming may help.", what=what)
    return Message(
        "Something unexpected happened ({what}). It would most likely happen again: the log says where.", what=what
    )


def failure_of(error: BaseException) -> Failure:
    """Return the code of what happened: by the class of the error, never by its words if it is one of ours."""
    if is_disk_full(error):
        return Failure.DISK
    for kind, failure in FAILURES.items():
        if isinstance(error, kind):
            return failure
    if isinstance(error, GlasshouseError):
        return Failure.OTHER
    if "out of memory" in str(error).lower():  # torch has a RuntimeError for it if it is no OutOfMemoryError
        return Failure.MEMORY
    if is_gpu_failure(error):
        return Failure.GPU
    return Failure.OTHER if passes(error) else Failure.FAULT


def passes(error: BaseException) -> bool:
    """Whether ``error`` is of the kind that may be gone another time, such as that of a connection or a database."""
    return any(isinstance(one, PASSING) for one in _chain(error))


def failure_of_exit(code: int | None) -> Failure:
    """Return the code for a process that said nothing, by its exit code; None if that is not known."""
    known = {None: Failure.LOST, -signal.SIGBUS: Failure.FILE, DISK_FULL: Failure.DISK, GPU_FAILED: Failure.GPU}
    if code in known:
        return known[code]
    return Failure.KILLED if code is not None and code < 0 else Failure.OTHER


def code_of(error: BaseException) -> int:
    """Return the exit code that tells ``error`` to the worker, 0 if it need not know."""
    if is_disk_full(error):
        return DISK_FULL
    return GPU_FAILED if is_gpu_failure(error) else 0


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error``, or one behind it, says that there is no room on the disk."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        told = one.orig if isinstance(one, DBAPIError) else one
        if isinstance(told, sqlite3.OperationalError) and "full" in str(told):
            return True
    return False


def is_gpu_failure(error: BaseException) -> bool:
    """Whether ``error`` says that the GPU itself, not its memory or the recipe, is the trouble."""
    text = str(error).lower()
    named = type(error).__name__ == "AcceleratorError" or any(word in text for word in GPU_WORDS)
    return named and "out of memory" not in text and not isinstance(error, GlasshouseError)


def reason_of_exit(code: int | None) -> str:
    """Return what the exit code of a process that said nothing tells; None if it is not known."""
    if code is None:
        return Message(
            "Its process ended without a word, again and again: it was killed, or the computer was restarted. "
            "Its last checkpoint is kept; resume it."
        )
    if code == -signal.SIGBUS:
        return Message(
            "Its process could no longer read a file (signal 7): the dataset's files were changed or deleted while it "
            "worked, or the disk fails. Put them back, or make the dataset again, then resume it."
        )
    if code < 0:  # what else is known of it: killed.py
        return Message("Its process was ended by signal {code}. Resume it.", code=-code)
    if code == DISK_FULL:
        return FULL
    if code == GPU_FAILED:
        return Message("The GPU failed; its log has more. Resume it: it goes to a GPU that works.")
    return Message(
        "Its process ended with code {code} and reported nothing more; its log may show why. Resume it.", code=code
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
