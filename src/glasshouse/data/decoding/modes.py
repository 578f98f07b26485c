"""From any mode of Pillow, or any array of numbers, to uint8 grey or colour."""

import numpy as np
from PIL import Image, ImageCms

from glasshouse.data.decoding.values import Scaler
from glasshouse.errors import PictureError

__all__ = ["channels_first", "from_array", "from_image", "orient", "to_color"]

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_TURNS = {
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: p.transpose(1, 0, 2)[::-1],
}


def to_color(picture: np.ndarray, color: str) -> np.ndarray:
    """Return (H, W, 3) for ``rgb`` or (H, W, 1) for ``gray`` from uint8 (H, W, 1 or 3).

    Grey is ITU-R BT.601 in fixed point, as Pillow's ``L``: (19595 R + 38470 G + 7471 B + 32768) >> 16.
    """
    channels = picture.shape[2]
    if color == "gray" and channels == 3:
        return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).convert("L"))[..., None]
    if color == "rgb" and channels == 1:
        return np.repeat(picture, 3, axis=2)
    return picture


def orient(picture: np.ndarray, orientation: int) -> np.ndarray:
    """Return the picture (H, W, C) turned and mirrored as EXIF orientation 1..8 says."""
    turn = _TURNS.get(orientation)
    return picture if turn is None else np.ascontiguousarray(turn(picture))


def from_image(image: Image.Image, scaler: Scaler | None = None) -> np.ndarray:
    """Return uint8 (H, W, 1 or 3) of a loaded Pillow image of any mode; alpha lies on white.

    ``I;16``, ``I`` and ``F`` go through ``scaler``.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return (scaler or Scaler())(np.asarray(image))[..., None]
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = _on_white(image)
    if image.mode == "LAB":
        image = _from_lab(image)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))[..., None]
    return np.asarray(image.convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBa", "La"):
        image = image.convert(image.mode.upper())
    seen = image.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if turned is None:
        raise PictureError("its Lab colours cannot be turned into RGB")
    return turned


def from_array(array: np.ndarray, scaler: Scaler | None = None) -> np.ndarray:
    """Return uint8 (H, W, 1 or 3) of an array (H, W), (H, W, 1), (H, W, 2 or 4: the last is alpha) or (H, W, 3).

    (C, H, W) with 1, 3 or 4 channels is taken for what it is where the last axis cannot be the channels. uint8 stays;
    bool is black and white; other numbers go through ``scaler``.

    Raises:
        PictureError: another shape or type, no pixels, or no finite number.
    """
    if channels_first(array.shape):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or 0 in array.shape:
        shapes = "(H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
        raise PictureError("an array of the shape {shape}; expected {shapes}", shape=array.shape, shapes=shapes)
    if array.dtype.kind not in "buif":
        raise PictureError("an array of {dtype}; expected numbers such as uint8 or float32", dtype=array.dtype)
    scaler = scaler or Scaler()
    if array.shape[2] in (1, 3):
        return _scaled(array, scaler)
    alpha = _scaled(array[..., -1:], Scaler())  # says nothing of how bright the colours can be
    return from_image(Image.fromarray(np.concatenate([_scaled(array[..., :-1], scaler), alpha], 2)))


def channels_first(shape: tuple[int, ...]) -> bool:
    """Return whether the shape of one picture can only be (C, H, W): 1, 3 or 4 channels lie first, and none last."""
    return len(shape) == 3 and shape[0] in (1, 3, 4) and shape[2] not in (1, 2, 3, 4) and 0 not in shape


def _scaled(array: np.ndarray, scaler: Scaler) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    return scaler(array)
