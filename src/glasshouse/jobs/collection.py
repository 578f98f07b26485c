"""Python's garbage collection in a process that starts, works and ends.

Importing torch makes half a million objects that stay. Looking through them again and again takes a quarter of that
start, and at the end once more as long, for memory that the system takes back anyway.
"""

import atexit
import gc

__all__ = ["collect_seldom"]

OBJECTS = 50_000  # new ones before the youngest are looked at, instead of Python's 700
THEN = (20, 50)  # such looks before the next older ones are


def collect_seldom() -> None:
    """Look for garbage seldom, and not at the end of the process."""
    gc.set_threshold(OBJECTS, *THEN)
    atexit.register(gc.freeze)
