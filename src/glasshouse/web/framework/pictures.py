"""Pictures for pages: small, in a format that browsers know, made without torch.

The window and the scale are those of ``data.resizing``; Pillow draws them, so that the web process stays small. What a
network sees is made by the job with the library's own kernel, which filters in the same way.
"""

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.decoding.encoding import encode
from glasshouse.data.decoding.resizing import plan

__all__ = ["SHOWN_LIMIT", "Pixels", "data_address", "file_of", "fitted", "png", "shrunk"]

Pixels = NDArray[np.uint8]
SHOWN_LIMIT = (
    10**9
)  # pixels of a picture to be shown; models may take as many, and the process that reads it has limits
SMALL = 64  # sides up to this are sent as they are, as PNG: every pixel counts


def fitted(picture: NDArray[np.uint8], width: int, height: int, mode: str) -> NDArray[np.uint8]:
    """Return the picture (H, W, C) as a dataset of this size and resize mode will show it."""
    steps = plan(picture.shape[1], picture.shape[0], width, height, mode)
    top, left, rows, columns = steps.window
    window = Image.fromarray(_plain(picture[top : top + rows, left : left + columns]))
    scaled = window.resize((steps.scaled[1], steps.scaled[0]), Image.Resampling.BILINEAR)
    canvas = Image.new(scaled.mode, (width, height))
    canvas.paste(scaled, (_offset(width, scaled.width), _offset(height, scaled.height)))
    return np.asarray(canvas).reshape(height, width, -1)


def shrunk(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the picture with its longer side at most ``side``."""
    longer = max(picture.shape[:2])
    if longer <= side:
        return picture
    height, width = (max(1, round(length * side / longer)) for length in picture.shape[:2])
    small = Image.fromarray(_plain(picture)).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small).reshape(height, width, -1)


def file_of(picture: NDArray[np.uint8]) -> tuple[bytes, str]:
    """Return the picture as a file and its media type: PNG where it is small, else JPEG of quality 88."""
    if max(picture.shape[:2]) <= SMALL:
        return encode(picture, "png", 100), "image/png"
    return encode(np.ascontiguousarray(picture), "jpeg", 88), "image/jpeg"


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return the picture as a PNG that is quick to make."""
    buffer = BytesIO()
    Image.fromarray(_plain(picture)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_address(picture: NDArray[np.uint8]) -> str:
    """Return the picture as an address that holds it, for pictures that have no place on the server yet."""
    if max(picture.shape[:2]) > SMALL:
        buffer = BytesIO()
        Image.fromarray(_plain(picture)).save(buffer, "WEBP", quality=80, method=2)
        return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    data, kind = file_of(picture)
    return f"data:{kind};base64," + base64.b64encode(data).decode("ascii")


def _offset(room: int, length: int) -> int:
    """Return where what is ``length`` long begins, centred in ``room``; both halves are rounded as the library does."""
    return (room - length) // 2 if length <= room else -((length - room) // 2)


def _plain(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[..., 0] if picture.shape[2] == 1 else picture)
