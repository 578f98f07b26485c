"""Keep the decoders' own warnings quiet while they read; what matters becomes a PictureError instead."""

import ctypes
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

__all__ = ["decoders_quiet"]

_LOCK = threading.Lock()
_INSIDE: list[object] = []
_FILTER: list[object] = []
_HANDLERS: list[ctypes.c_void_p] = []
_SETTERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")

logging.getLogger("PIL").addHandler(logging.NullHandler())  # without one, Python prints what Pillow logs


@contextmanager
def decoders_quiet() -> Iterator[None]:
    """Ignore warnings from modules of Pillow, and the lines that libtiff prints, while any thread is inside.

    ``warnings.catch_warnings`` must not be used by several threads at once: the last one out would restore the
    first one's filters too early. Here the filter is put in by the first and taken out by the last; so are libtiff's
    handlers, which write to the process's stderr and are the process's own.
    """
    with _LOCK:
        if not _INSIDE:
            warnings.filterwarnings("ignore", module=r"PIL\.")
            _FILTER[:] = [warnings.filters[0]]
            _HANDLERS[:] = _libtiff_handlers([ctypes.c_void_p(None)] * len(_SETTERS))
        _INSIDE.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE.pop()
            if not _INSIDE:
                _libtiff_handlers(_HANDLERS)
                with suppress(ValueError):  # somebody else has changed the filters meanwhile
                    warnings.filters.remove(_FILTER.pop())  # type: ignore[attr-defined]


def _alone_after_fork() -> None:
    """Let a forked process, whose other threads are gone, begin with nobody inside; the filter that is in stays in."""
    global _LOCK
    _LOCK = threading.Lock()
    _INSIDE.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alone_after_fork)


def _libtiff_handlers(handlers: list[ctypes.c_void_p]) -> list[ctypes.c_void_p]:
    """Give libtiff other handlers for errors and warnings; return those that it had."""
    library = _libtiff()
    if library is None or not handlers:
        return []
    return [ctypes.c_void_p(getattr(library, name)(handler)) for name, handler in zip(_SETTERS, handlers, strict=True)]


@cache
def _libtiff() -> ctypes.CDLL | None:
    """Return the libtiff that Pillow has loaded; None if it is not found, which costs nothing but silence."""
    with suppress(OSError, AttributeError, ImportError):
        from PIL import _imaging

        for place in _candidates(Path(_imaging.__file__)):
            library = ctypes.CDLL(str(place))
            for name in _SETTERS:
                function = getattr(library, name)
                function.restype = ctypes.c_void_p
                function.argtypes = [ctypes.c_void_p]
            return library
    return None


def _candidates(module: Path) -> Iterator[Path]:
    """Yield where libtiff is loaded from: Pillow's wheel, or what this process has mapped."""
    if sys.platform == "darwin":
        yield from (module.parent / ".dylibs").glob("libtiff*.dylib")
    elif sys.platform == "linux":
        yield from (module.parent.parent / "pillow.libs").glob("libtiff*.so*")
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        yield from {Path(line.split(maxsplit=5)[5]): None for line in mapped if "/libtiff" in line}
