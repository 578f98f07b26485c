"""Writing into a job's log, which may lie on a disk that is full."""

import os
from contextlib import suppress

__all__ = ["say"]

STDERR = 2


def say(text: str) -> None:
    """Write ``text`` into the log at once, or not at all: a log is no reason to fail, and nothing is kept back."""
    with suppress(OSError):
        os.write(STDERR, text.encode("utf-8", "replace"))
