"""The processes in which the Studio has read what it must not read itself: pictures, archives, tables, lists."""

from functools import lru_cache

from glasshouse.store.places import Places
from glasshouse.store.readers import Readers

__all__ = ["end_readers", "grounds", "readers"]


@lru_cache(maxsize=1)
def readers() -> Readers:
    """Return the processes of this Studio; none is begun yet."""
    return Readers("glasshouse.web.reader")


def end_readers() -> None:
    """End them, so that the Studio stops at once."""
    readers().end()


def grounds(places: Places) -> dict[str, object]:
    """Return the places of a store as a request holds them."""
    return {"home": str(places.home), "folders": [str(folder) for folder in places.folders]}
