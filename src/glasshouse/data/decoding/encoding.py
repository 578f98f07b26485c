"""How a prepared picture lies in a dataset: raw, PNG or JPEG."""

from io import BytesIO

import numpy as np
import simplejpeg
from PIL import Image

from glasshouse.errors import PictureError
from glasshouse.messages import Message

__all__ = ["decode_encoded", "encode"]


def encode(picture: np.ndarray, encoding: str, quality: int) -> bytes:
    """Return ``picture`` (H, W, 1 or 3) uint8 as bytes; ``quality`` 1..100 concerns ``jpeg`` (colour at full size).

    Raises:
        ValueError: ``encoding`` is not raw, png or jpeg.
    """
    if encoding == "raw":
        return picture.tobytes()
    if encoding == "png":
        buffer = BytesIO()
        Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(buffer, "PNG")
        return buffer.getvalue()
    if encoding == "jpeg":
        space, sampling = ("GRAY", "Gray") if picture.shape[2] == 1 else ("RGB", "444")
        data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality, space, sampling)
        return data
    raise ValueError(Message("expected an encoding among raw, png, jpeg, got {encoding}", encoding=repr(encoding)))


def decode_encoded(data: bytes, encoding: str, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the uint8 picture of ``shape`` (H, W, C) that ``encode`` wrote.

    Raises:
        PictureError: the bytes are damaged or of another shape.
    """
    try:
        picture = _decoded(data, encoding, shape)
    except Exception as error:  # noqa: BLE001  (decoders of damaged bytes raise anything)
        raise PictureError(
            "a stored picture ({encoding}, {data} bytes) is damaged: {error}",
            encoding=encoding,
            data=len(data),
            error=error,
        ) from None
    if picture.shape != shape:
        raise PictureError(
            "a stored picture has the shape {shape}, expected {shape2}", shape=picture.shape, shape2=shape
        )
    return picture


def _decoded(data: bytes, encoding: str, shape: tuple[int, int, int]) -> np.ndarray:
    if encoding == "raw":
        return np.frombuffer(data, np.uint8).reshape(shape)
    if encoding == "jpeg":
        decoded: np.ndarray = simplejpeg.decode_jpeg(data, "GRAY" if shape[2] == 1 else "RGB")
        return decoded
    with Image.open(BytesIO(data), formats=["PNG"]) as image:
        return np.asarray(image).reshape(image.height, image.width, -1)
