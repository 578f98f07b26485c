"""From any mode of Pillow, or any array of numbers, to uint8 grey or colour."""

import numpy as np
from PIL import Image, ImageCms

from glasshouse.errors import PictureError

__all__ = ["from_array", "from_image", "orient", "scale_integers", "scale_numbers", "to_color"]

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


def from_image(image: Image.Image) -> np.ndarray:
    """Return uint8 (H, W, 1 or 3) of a loaded Pillow image of any mode; alpha lies on white.

    ``I;16`` and ``I`` go by ``scale_integers``, ``F`` by ``scale_numbers``.
    """
    if image.mode.startswith("I"):
        return scale_integers(np.asarray(image))[..., None]
    if image.mode == "F":
        return scale_numbers(np.asarray(image))[..., None]
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


def from_array(array: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W, 1 or 3) of an array (H, W), (H, W, 1), (H, W, 2 or 4: the last is alpha) or (H, W, 3).

    uint8 stays; bool is black and white; other integers go by ``scale_integers``, floats by ``scale_numbers``.

    Raises:
        PictureError: another shape or type, no pixels, or no finite number.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or 0 in array.shape:
        hint = "; the channels go last" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        shapes = "(H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
        raise PictureError(f"an array of the shape {array.shape}; expected {shapes}{hint}")
    if array.dtype.kind not in "buif":
        raise PictureError(f"an array of {array.dtype}; expected numbers such as uint8 or float32")
    alpha = array.shape[2] in (2, 4)
    scaled = np.concatenate([_scaled(array[..., :-1]), _scaled(array[..., -1:])], 2) if alpha else _scaled(array)
    if not alpha:
        return scaled
    image = Image.fromarray(np.ascontiguousarray(scaled))
    return from_image(image)


def _scaled(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    return scale_numbers(array) if array.dtype.kind == "f" else scale_integers(array)


def scale_integers(values: np.ndarray) -> np.ndarray:
    """Return uint8 of whole numbers: as they are up to 255, by 4095 up to there (12 bits), by 65535 up to there.

    Where a value is below 0 or above 65535 the range is from the least to the most.
    """
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        return _stretch(values.astype(np.float64), float(low), float(high))
    most = next(most for most in (255.0, 4095.0, 65535.0) if high <= most)
    table = _stretch(np.arange(high + 1), 0.0, most)
    return np.take(table, values)  # the table has at most 65,536 values: no large picture of floats


def scale_numbers(values: np.ndarray) -> np.ndarray:
    """Return uint8 of floats: 0..1 times 255; 0..255 as they are; any other range from least to most.

    NaN becomes the least value.

    Raises:
        PictureError: no value is finite.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise PictureError("it holds no finite number")
    low, high = float(finite.min()), float(finite.max())
    clean = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    if low >= 0 and high <= 255:
        return _stretch(clean, 0.0, 1.0 if high <= 1 else 255.0)
    return _stretch(clean, low, high)


def _stretch(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return np.rint((values - low) * (255.0 / (high - low))).astype(np.uint8)
