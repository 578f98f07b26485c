"""Writing a file of a run so that it is whole or not there at all; no torch."""

import os
from pathlib import Path

from glasshouse.errors import RunError

__all__ = ["write_atomically"]


def write_atomically(path: Path, *data: bytes | memoryview) -> None:
    """Write ``data``, in pieces, to ``path``: a reader, or a crash, sees the old content or the new, nothing between.

    Raises:
        RunError: it cannot be written, such as on a full disk; the old content stands.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            for piece in data:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        _rename(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RunError(
            "cannot write {path} ({strerror}); what was written before is kept. Free some space or "
            "permit writing, and go on with glasshouse resume",
            path=path,
            strerror=error.strerror,
        ) from None


def _rename(beside: Path, path: Path) -> None:
    beside.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        except OSError:  # network file systems may refuse it; the rename itself has happened
            return
        finally:
            os.close(folder)
