"""Keep Pillow's own warnings quiet while it decodes; what matters becomes a PictureError instead."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["pillow_quiet"]

_LOCK = threading.Lock()
_USERS: list[object] = []
_SAVED: list[object] = []


@contextmanager
def pillow_quiet() -> Iterator[None]:
    """Ignore warnings from modules of Pillow, on all threads, while any thread is inside.

    ``warnings.catch_warnings`` must not be used by several threads at once: the last one out would restore the
    first one's filters too early. Here the filter is put in by the first and taken out by the last.
    """
    user = object()
    with _LOCK:
        if not _USERS:
            warnings.filterwarnings("ignore", module=r"PIL\.")
            _SAVED[:] = [warnings.filters[0]]
        _USERS.append(user)
    try:
        yield
    finally:
        with _LOCK:
            _USERS.remove(user)
            if not _USERS:
                _take_out()


def _take_out() -> None:
    kept = [entry for entry in warnings.filters if entry is not _SAVED[0]]
    warnings.filters[:] = kept  # type: ignore[index]
    warnings.filterwarnings("default", category=_Never)  # tells the warnings module that the filters changed
    warnings.filters[:] = kept  # type: ignore[index]
    _SAVED.clear()


class _Never(Warning):
    """A category that nothing warns with."""
