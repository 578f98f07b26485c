"""Pictures of a classification, read again from where they lie, since a job keeps only its answers."""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.decoding.encoding import encode
from glasshouse.data.decoding.picture import decode
from glasshouse.data.names import composed
from glasshouse.data.sources.gathering import Pictures, find_pictures
from glasshouse.errors import GlasshouseError, MissingError, PictureError
from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.places import Grounds, Places, is_allowed, is_inside
from glasshouse.store.records import JobRecord
from glasshouse.web.framework.children import Asked
from glasshouse.web.framework.pictures import SHOWN_LIMIT, file_of, shrunk
from glasshouse.web.framework.reading import grounds, readers

__all__ = ["answer_classified", "classified_picture"]

GONE = Message("The picture is no longer where it was classified; the answers stay.")


def classified_picture(store: Store, work: JobRecord, path: str, side: int | None = None) -> tuple[bytes, str]:
    """Return the picture ``path`` of a classification as a file, and its media type.

    It is at most ``side`` pixels long; without ``side`` it is a PNG of its own size.

    Raises:
        MissingError: it is gone, cannot be read, or now leads out of what may be shown.
    """
    source = (store.path("runs") / str(work.arguments["source"])).resolve()
    asked = {"source": str(source), "path": path, "side": side, **grounds(store)}
    try:
        kind, data = readers().ask("classified", asked, place=str(source))
    except PictureError:
        raise MissingError(GONE) from None
    return data, str(kind)


def answer_classified(asked: Asked, blob: bytes) -> tuple[object, bytes]:
    """Return what ``classified_picture`` asks for: in the process that may read it."""
    places = Grounds(Path(asked["home"]), tuple(map(Path, asked["folders"])))
    whole = _picture(places, Path(asked["source"]), asked["path"])
    if asked["side"] is None:
        return "image/png", encode(whole, "png", 100)
    data, kind = file_of(shrunk(whole, int(asked["side"])))
    return kind, data


def _picture(store: Places, source: Path, path: str) -> NDArray[np.uint8]:
    """Return the picture, decoded, uint8 (H, W, 3)."""
    try:
        pictures, places = _opened(str(source), source.stat().st_mtime_ns)
        index = places.get(path, places.get(composed(path)))  # older answers have paths as they are written
        if index is None or not _inside(store, source, path):
            raise MissingError(GONE)
        return decode(pictures.read(index), "rgb", SHOWN_LIMIT)
    except (OSError, PictureError):
        raise MissingError(GONE) from None
    except MissingError:
        raise
    except GlasshouseError:
        raise MissingError(GONE) from None


@lru_cache(maxsize=4)
def _opened(source: str, changed: int) -> tuple[Pictures, dict[str, int]]:
    found = find_pictures(source, ())
    return found, {path: index for index, path in enumerate(found.paths)}


def _inside(store: Places, source: Path, path: str) -> bool:
    """Whether the file behind ``path``, links resolved, lies in the source or in a folder that may be named.

    In an archive nothing leads out.
    """
    base = source if source.is_dir() else source.parent
    place = Path(os.path.realpath(base / path))
    in_archive = source.is_file() and not place.exists()
    return in_archive or is_inside(place, base) or is_allowed(store, place)
