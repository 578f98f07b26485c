"""One picture: from what was given to uint8 pixels; training and prediction both come through here."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from glasshouse.data.encoding import decode_encoded, encode
from glasshouse.data.files import read_regular
from glasshouse.data.jpeg import decode_plain_jpeg, is_jpeg, jpeg_orientation
from glasshouse.data.modes import from_array, from_image, orient, to_color
from glasshouse.data.quiet import pillow_quiet
from glasshouse.data.resizing import resize
from glasshouse.errors import PictureError

__all__ = ["PIXEL_LIMIT", "decode", "decode_encoded", "encode", "resize"]

PIXEL_LIMIT = 100_000_000
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"RIFF": "WebP", b"II*\0": "TIFF", b"MM\0*": "TIFF",
    b"BM": "BMP",
}  # fmt: skip


def decode(
    source: bytes | str | Path | Image.Image | np.ndarray, color: str = "rgb", pixel_limit: int = PIXEL_LIMIT
) -> np.ndarray:
    """Return the picture as uint8 (H, W, 3) for ``rgb`` or (H, W, 1) for ``gray``.

    Turned as its EXIF says, alpha on white, the first frame of an animation, 16-bit and float values scaled
    (``modes.scale_integers``, ``modes.scale_numbers``); colour profiles are not applied. The number of pixels is
    checked before any is decoded.

    Raises:
        PictureError: it cannot be used; the text is the reason, without the name of the picture.
    """
    if isinstance(source, np.ndarray):
        _check_pixels(source.shape[1] if source.ndim > 1 else 1, source.shape[0] if source.ndim else 1, pixel_limit)
        return np.ascontiguousarray(to_color(from_array(source), color))
    if isinstance(source, Image.Image):
        return np.ascontiguousarray(to_color(_from_pillow(source, pixel_limit), color))
    return np.ascontiguousarray(to_color(_from_bytes(_bytes_of(source), pixel_limit), color))


def _bytes_of(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | Path):
        return read_regular(Path(source))
    kind = type(source).__name__
    raise PictureError(f"a {kind}; expected a path, bytes, a Pillow image or an array (H, W, C)")


def _from_bytes(data: bytes, pixel_limit: int) -> np.ndarray:
    if not data:
        raise PictureError("zero bytes")
    if is_jpeg(data):
        picture = decode_plain_jpeg(data, pixel_limit)
        if picture is not None:
            return orient(picture, jpeg_orientation(data))
    return _opened(data, pixel_limit)


def _opened(data: bytes, pixel_limit: int) -> np.ndarray:
    with pillow_quiet():
        try:
            image = Image.open(BytesIO(data), formats=_formats())
        except UnidentifiedImageError:
            raise PictureError(_unknown(data)) from None
        except Image.DecompressionBombError as error:
            raise PictureError(_too_large(str(error), pixel_limit)) from None
        except Exception as error:  # noqa: BLE001  (decoders of damaged files raise anything)
            raise PictureError(_told(error)) from None
        with image:
            return _from_pillow(image, pixel_limit)


def _unknown(data: bytes) -> str:
    begins = next((name for magic, name in _BEGINNINGS.items() if data.startswith(magic)), None)
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        begins = "AVIF"
    return f"damaged: it begins as {begins}, and cannot be read" if begins else "not a picture"


def _too_large(text: str, limit: int) -> str:
    """Say in our words what Pillow says of a picture above its own limit, which is not ours to move."""
    pixels, most = ([int(number) for number in re.findall(r"\d+", text)] + [0, 0])[:2]
    if pixels > limit:
        return f"{pixels:,} pixels, the limit is {limit:,}"
    return f"{pixels:,} pixels; other than in JPEG, at most {most:,} can be read"


def _told(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return f"truncated: {text}" if "truncated" in text.lower() else f"damaged: {text}"


def _formats() -> list[str]:
    """Return all formats of Pillow but EPS, which it hands to another program to run."""
    Image.init()
    return [name for name in Image.ID if name != "EPS"]


def _from_pillow(image: Image.Image, pixel_limit: int) -> np.ndarray:
    _check_pixels(image.width, image.height, pixel_limit)
    with pillow_quiet():
        try:
            image.load()
            return orient(from_image(image), _orientation(image))
        except PictureError:
            raise
        except MemoryError:
            raise PictureError(f"{image.width} x {image.height} pixels do not fit into memory") from None
        except Exception as error:  # noqa: BLE001  (decoders of damaged files raise anything)
            raise PictureError(_told(error)) from None


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001  (a damaged EXIF part turns nothing)
        return 1
    return found if isinstance(found, int) else 1


def _check_pixels(width: int, height: int, limit: int) -> None:
    if width * height > limit:
        raise PictureError(f"{width} x {height} = {width * height:,} pixels, the limit is {limit:,}")
