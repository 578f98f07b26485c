"""When this process began, for limits that count from the start of a command, its imports included."""

import os
import time
from pathlib import Path

__all__ = ["process_begun"]


def process_begun() -> float:
    """Return the moment at which this process began, by ``time.monotonic``; now, where the system does not tell."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
    return time.monotonic() - max(0.0, age)
