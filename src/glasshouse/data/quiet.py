"""Keep Pillow's own warnings quiet while it decodes; what matters becomes a PictureError instead."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["pillow_quiet"]

_LOCK = threading.Lock()
_INSIDE: list[object] = []
_FILTER: list[object] = []


@contextmanager
def pillow_quiet() -> Iterator[None]:
    """Ignore warnings from modules of Pillow, on all threads, while any thread is inside.

    ``warnings.catch_warnings`` must not be used by several threads at once: the last one out would restore the
    first one's filters too early. Here the filter is put in by the first and taken out by the last.
    """
    with _LOCK:
        if not _INSIDE:
            warnings.filterwarnings("ignore", module=r"PIL\.")
            _FILTER[:] = [warnings.filters[0]]
        _INSIDE.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE.pop()
            if not _INSIDE:
                with suppress(ValueError):  # somebody else has changed the filters meanwhile
                    warnings.filters.remove(_FILTER.pop())  # type: ignore[attr-defined]
