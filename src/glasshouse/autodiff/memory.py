"""Memory that arrays give back is kept for the next ones.

A training step frees tens of megabytes and asks for the same again in the next. The C library of Linux gives them back
to the system in between, which then hands out every page anew, filled with zeros: a third of the time of a small
convolutional network went there. See `docs/decisions/0007-freed-memory-is-kept.md`.
"""

import ctypes
import os

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the numbers of these settings in glibc's malloc.h


def keep_freed_memory(most: int = 1 << 28, single: int = 1 << 26) -> bool:
    """Tell the C library to keep up to `most` freed bytes, and arrays below `single` bytes among them.

    Returns whether it had an effect: only glibc listens, and a user's own `MALLOC_TRIM_THRESHOLD_` is kept.
    """
    if "MALLOC_TRIM_THRESHOLD_" in os.environ:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    return bool(mallopt(_MMAP_THRESHOLD, single) and mallopt(_TRIM_THRESHOLD, most))
