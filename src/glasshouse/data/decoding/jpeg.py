"""Plain JPEG through libjpeg-turbo: the fast way, with the same pixels as Pillow's."""

import re
import struct

import numpy as np
import simplejpeg

from glasshouse.errors import PictureError

__all__ = ["decode_plain_jpeg", "is_jpeg", "jpeg_orientation"]

_PLAIN = ("YCbCr", "Gray", "RGB")
_HARMLESS = re.compile(r"extraneous bytes before marker 0xd9")  # leftovers after the last row, before the end
_DAMAGE = re.compile(r"Premature end|Corrupt JPEG data|bad Huffman", re.IGNORECASE)


def is_jpeg(data: bytes) -> bool:
    """Return whether ``data`` begins as a JPEG does."""
    return data[:3] == b"\xff\xd8\xff"


def decode_plain_jpeg(data: bytes, pixel_limit: int) -> np.ndarray | None:
    """Return the picture (H, W, 3), or (H, W, 1) where it is stored grey; None where Pillow should try.

    Not turned by its orientation yet. CMYK and files that libjpeg-turbo's simple interface does not know are Pillow's.

    Raises:
        PictureError: more pixels than ``pixel_limit``, truncated, or damaged so that parts would be grey or shifted.
    """
    try:
        height, width, space, _ = simplejpeg.decode_jpeg_header(data)
    except Exception:  # noqa: BLE001  (a KeyError, for example, of a colour space that it does not know)
        return None
    if width * height > pixel_limit:
        raise PictureError(
            "{width} x {height} = {width2} pixels, the limit is {pixel_limit}",
            width=width,
            height=height,
            width2=f"{width * height:,}",
            pixel_limit=f"{pixel_limit:,}",
        )
    try:
        return _decode(data, space, strict=True)
    except Exception as error:  # noqa: BLE001  (what is not understood here is Pillow's)
        message = str(error)
    if _HARMLESS.search(message):
        return _leniently(data, space)
    if "Premature end" in message:
        raise PictureError("truncated: the JPEG ends too early")
    if _DAMAGE.search(message):
        raise PictureError("damaged: {message}", message=message)
    return None


def _leniently(data: bytes, space: str) -> np.ndarray | None:
    try:
        return _decode(data, space, strict=False)
    except Exception:  # noqa: BLE001
        return None


def _decode(data: bytes, space: str, strict: bool) -> np.ndarray | None:
    target = {"Gray": "GRAY", "CMYK": "CMYK"}.get(space, "RGB")
    decoded: np.ndarray = simplejpeg.decode_jpeg(data, target, strict=strict)
    return decoded if space in _PLAIN else None


def jpeg_orientation(data: bytes) -> int:
    """Return the EXIF orientation 1..8 of a JPEG's bytes; 1 if there is none or the EXIF part is damaged.

    Source: Exif 2.32, sections 4.5 and 4.6 (tag 0x0112 of the first directory).
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA or length < 2:
            break
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return _orientation_of(data[at + 10 : at + 2 + length])
        at += 2 + length
    return 1


def _orientation_of(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * index)
            if tag == 0x0112 and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
