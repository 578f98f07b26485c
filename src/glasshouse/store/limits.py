"""What a process may take that reads what a stranger made: memory, time on the processor, size of what it writes."""

from contextlib import suppress
from typing import Any

from glasshouse.store.priority import lower_priority

__all__ = ["limit_memory", "limit_seconds", "limit_the_rest"]

resource: Any
try:
    import resource
except ImportError:  # pragma: no cover  (Windows; there the time on the wall is the limit)
    resource = None

WRITTEN = 1 << 34  # bytes of one temporary file: an archive that is unpacked to be listed
FILES = 256


def limit_memory(size: int) -> None:
    """Have this process fail with MemoryError beyond ``size`` bytes of its own; files that are mapped do not count."""
    _lower("RLIMIT_DATA", size)


def limit_seconds(seconds: float) -> None:
    """Have this process ended once it has computed for ``seconds`` more."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def limit_the_rest() -> None:
    """No core file, no endless file, few open ones, and a place behind what people wait for."""
    for name, most in (("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", WRITTEN), ("RLIMIT_NOFILE", FILES)):
        _lower(name, most)
    lower_priority()  # the server and the jobs go first


def _lower(name: str, most: int) -> None:
    if resource is None or not hasattr(resource, name):
        return
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (most, hard) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))
