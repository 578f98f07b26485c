"""When a picture was taken: by its EXIF data, else by a date in its name, else by its file's time."""

import io
import re
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from glasshouse.data.decoding.heif import heif_exif, is_heif
from glasshouse.data.decoding.quiet import decoders_quiet

__all__ = ["dated", "exif_time", "name_time", "taken"]

_DAY = r"(?<!\d)((?:19|20)\d\d)[-_. ]?([01]\d)[-_. ]?([0-3]\d)(?!\d(?!\d{5}(?!\d)))"
_CLOCK = r"(?:[-_. T]?([0-2]\d)[-_.:]?([0-5]\d)[-_.:]?([0-5]\d))?"
_DATE = re.compile(_DAY + _CLOCK)
_ORIGINAL, _DIGITIZED, _CHANGED, _EXIF_IFD = 36867, 36868, 306, 0x8769


def taken(path: str, data: bytes | np.ndarray, file_time: float | None) -> float | None:
    """Return when the picture was taken, in seconds since 1970 (camera time read as UTC), or None."""
    return dated(path, data, file_time)[0]


def dated(path: str, data: bytes | np.ndarray, file_time: float | None) -> tuple[float | None, str]:
    """Return ``taken``, and by what: ``exif``, ``name``, ``file`` or, without a time, an empty text."""
    found = exif_time(data) if isinstance(data, bytes) else None
    if found is not None:
        return found, "exif"
    found = name_time(path)
    if found is not None:
        return found, "name"
    return file_time, "" if file_time is None else "file"


def exif_time(data: bytes) -> float | None:
    """Return the time in a picture's EXIF data, None if it has none that can be read."""
    try:
        with decoders_quiet():
            exif = heif_exif(data) if is_heif(data) else _exif(data)
            inner = exif.get_ifd(_EXIF_IFD)
    except Exception:  # noqa: BLE001  (a damaged EXIF part tells no time)
        return None
    for text in (inner.get(_ORIGINAL), inner.get(_DIGITIZED), exif.get(_CHANGED)):
        found = _parsed(str(text)[:19])
        if found is not None:
            return found
    return None


def _exif(data: bytes) -> Image.Exif:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.getexif()


def name_time(path: str) -> float | None:
    """Return the date, and the time if there is one, in a file's name such as ``IMG_20240131_101500.jpg``."""
    match = _DATE.search(path.rsplit("/", 1)[-1])
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _parsed(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
