"""Giving way to those that a person waits for: jobs and readers take the processor after the server."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["NICE", "lower_priority"]

NICE = 10  # about a tenth of the processor beside one who wants it too
_GROUP = Path("/proc/self/autogroup")


def lower_priority() -> None:
    """Put this process, and its session if it leads one, behind the others by ``NICE``; where refused, nothing happens.

    Linux with autogroups divides the processor among sessions first and looks at niceness only within each of them.
    Source: sched(7), "The autogroup feature".
    """
    with suppress(OSError):
        os.nice(NICE)
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
        with suppress(OSError):
            _GROUP.write_text(str(NICE), encoding="ascii")
