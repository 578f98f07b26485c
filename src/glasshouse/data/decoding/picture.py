"""One picture: from what was given to uint8 pixels; training and prediction both come through here."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from glasshouse.data.archives.files import read_regular
from glasshouse.data.decoding.deep import is_deep, whole_values
from glasshouse.data.decoding.effort import check_effort
from glasshouse.data.decoding.encoding import decode_encoded, encode
from glasshouse.data.decoding.foreign import foreign_file, raw_camera_file
from glasshouse.data.decoding.heif import is_heif, open_heif
from glasshouse.data.decoding.jpeg import decode_plain_jpeg, is_jpeg, jpeg_orientation
from glasshouse.data.decoding.modes import from_array, from_image, orient, to_color
from glasshouse.data.decoding.quiet import decoders_quiet
from glasshouse.data.decoding.resizing import resize
from glasshouse.data.decoding.values import Scaler
from glasshouse.errors import PictureError
from glasshouse.messages import Foreign, Message

__all__ = ["PIXEL_LIMIT", "decode", "decode_as_stored", "decode_encoded", "encode", "resize"]

PIXEL_LIMIT = 100_000_000
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"RIFF": "WebP", b"II*\0": "TIFF", b"MM\0*": "TIFF",
    b"BM": "BMP", b"\0\0\0\x0cjP  ": Message("JPEG 2000"),
}  # fmt: skip
# EPS is handed to another program to run; IPTC opens what it holds, EPS too; the others only know the names of files
_UNSAFE = frozenset({"EPS", "IPTC", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"})
_OWN_WORDS = (OSError, ValueError, SyntaxError, EOFError, RuntimeError)  # decoders say with these what is wrong


def decode(
    source: bytes | str | Path | Image.Image | np.ndarray,
    color: str = "rgb",
    pixel_limit: int = PIXEL_LIMIT,
    scaler: Scaler | None = None,
) -> np.ndarray:
    """Return the picture as uint8 (H, W, 3) for ``rgb`` or (H, W, 1) for ``gray``.

    Turned as its EXIF says, alpha on white, the first frame of an animation, the primary picture of an HEIF file,
    values of more than 8 bits through ``scaler`` (without one, by the picture's own range); colour profiles are not
    applied. The number of pixels, and what else makes decoding long, is checked before any pixel is decoded.

    Raises:
        PictureError: it cannot be used, whatever a decoder raised; the text is the reason, without the name of the
            picture.
    """
    return _guarded(source, pixel_limit, scaler or Scaler(), color)


def decode_as_stored(source: bytes | np.ndarray, pixel_limit: int = PIXEL_LIMIT) -> np.ndarray:
    """Return the pixels of a file as they lie in it, uint8 (H, W, 1 or 3): in its own colours and not turned.

    Raises:
        PictureError: it cannot be used; the text is the reason.
    """
    return _guarded(source, pixel_limit, Scaler(), None)


def _guarded(source: object, pixel_limit: int, scaler: Scaler, color: str | None) -> np.ndarray:
    """Decode anything; decoders of damaged or hostile files may raise whatever they like, and it ends here."""
    try:
        picture = _decoded(source, pixel_limit, scaler, upright=color is not None)
        return np.ascontiguousarray(picture if color is None else to_color(picture, color))
    except PictureError:
        raise
    except MemoryError:
        raise PictureError("it does not fit into memory") from None
    except Image.DecompressionBombError as error:
        raise PictureError(_too_large(str(error), pixel_limit)) from None
    except Exception as error:  # noqa: BLE001  (the boundary: one file never stops a job)
        raise PictureError(_reason_of(error)) from None


def _decoded(source: object, pixel_limit: int, scaler: Scaler, upright: bool) -> np.ndarray:
    if isinstance(source, np.ndarray):
        _check_pixels(source.shape[1] if source.ndim > 1 else 1, source.shape[0] if source.ndim else 1, pixel_limit)
        return from_array(source, scaler)
    if isinstance(source, Image.Image):
        with decoders_quiet():
            return _from_pillow(source, pixel_limit, scaler, upright)
    return _from_bytes(_bytes_of(source), pixel_limit, scaler, upright)


def _bytes_of(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | Path):
        return read_regular(Path(source))
    kind = type(source).__name__
    raise PictureError("a {kind}; expected a path, bytes, a Pillow image or an array (H, W, C)", kind=kind)


def _from_bytes(data: bytes, pixel_limit: int, scaler: Scaler, upright: bool) -> np.ndarray:
    if not data:
        raise PictureError("zero bytes")
    check_effort(data)
    if is_jpeg(data):
        picture = decode_plain_jpeg(data, pixel_limit)
        if picture is not None:
            return orient(picture, jpeg_orientation(data)) if upright else picture
    with decoders_quiet():
        return _from_heif(data, pixel_limit, scaler) if is_heif(data) else _opened(data, pixel_limit, scaler, upright)


def _from_heif(data: bytes, pixel_limit: int, scaler: Scaler) -> np.ndarray:
    try:
        image = open_heif(data, pixel_limit)
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (decoders of damaged files raise anything)
        raise PictureError(
            "damaged: it begins as HEIC (HEIF), and cannot be read ({error}); if another program opens it, "
            "export it as JPEG",
            error=Foreign(str(error).strip()),
        ) from None
    return from_image(image, scaler)


def _opened(data: bytes, pixel_limit: int, scaler: Scaler, upright: bool) -> np.ndarray:
    if (raw := raw_camera_file(data)) is not None:
        raise PictureError(raw)
    try:
        image = Image.open(BytesIO(data), formats=_formats())
    except UnidentifiedImageError:
        raise PictureError(_unknown(data)) from None
    with image:
        if scaler.wants_deep_colours and is_deep(image):
            return _deep(data, image, pixel_limit, scaler, upright)
        return _from_pillow(image, pixel_limit, scaler, upright)


def _deep(data: bytes, image: Image.Image, pixel_limit: int, scaler: Scaler, upright: bool) -> np.ndarray:
    """Return a picture whose colours have 16 bits, by all of them."""
    _check_pixels(image.width, image.height, pixel_limit)
    image.load()
    higher = np.asarray(image)
    values = whole_values(data, higher, _formats())
    if values is None:
        return _from_pillow(image, pixel_limit, scaler, upright)
    levels = scaler.colours(values[..., :3], higher[..., :3])
    if higher.shape[2] == 4:
        levels = from_image(Image.fromarray(np.concatenate([levels, higher[..., 3:]], 2)), scaler)
    return orient(levels, _orientation(image)) if upright else levels


def _unknown(data: bytes) -> str:
    begins = next((name for magic, name in _BEGINNINGS.items() if data.startswith(magic)), None)
    if (begins == "WebP" and data[8:12] != b"WEBP") or data.startswith(b"\xff\xd8\xff\xf7"):
        begins = None
    foreign = foreign_file(data) if begins is None else None
    return (
        Message("damaged: it begins as {begins}, and cannot be read", begins=begins)
        if begins
        else foreign or Message("not a picture")
    )


def _too_large(text: str, limit: int) -> str:
    """Say in our words what Pillow says of a picture above its own limit, which is not ours to move."""
    pixels, most = ([int(number) for number in re.findall(r"\d+", text)] + [0, 0])[:2]
    if pixels > limit:
        return Message("{pixels} pixels, the limit is {limit}", pixels=f"{pixels:,}", limit=f"{limit:,}")
    return Message(
        "{pixels} pixels; other than in JPEG, at most {most} can be read", pixels=f"{pixels:,}", most=f"{most:,}"
    )


def _reason_of(error: Exception) -> str:
    said = str(error) if isinstance(error, _OWN_WORDS) else f"{type(error).__name__}: {error}"
    text = Foreign(said.strip() or type(error).__name__)
    return (
        Message("truncated: {text}", text=text)
        if "truncated" in text.lower()
        else Message("damaged: {message}", message=text)
    )


def _formats() -> list[str]:
    Image.init()
    return [name for name in Image.ID if name not in _UNSAFE]


def _from_pillow(image: Image.Image, pixel_limit: int, scaler: Scaler, upright: bool) -> np.ndarray:
    _check_pixels(image.width, image.height, pixel_limit)
    try:
        image.load()
    except MemoryError:
        raise PictureError(
            "{width} x {height} pixels do not fit into memory", width=image.width, height=image.height
        ) from None
    _check_pixels(image.width, image.height, pixel_limit)  # icons know their size only now
    picture = from_image(image, scaler)
    return orient(picture, _orientation(image)) if upright else picture


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001  (a damaged EXIF part turns nothing)
        return 1
    return found if isinstance(found, int) else 1


def _check_pixels(width: int, height: int, limit: int) -> None:
    if width * height > limit:
        raise PictureError(
            "{width} x {height} = {width2} pixels, the limit is {pixel_limit}",
            width=width,
            height=height,
            width2=f"{width * height:,}",
            pixel_limit=f"{limit:,}",
        )
