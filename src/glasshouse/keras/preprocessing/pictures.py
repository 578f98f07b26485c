"""One picture from a file to an array and back, as ``keras.preprocessing.image`` has it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["array_to_img", "img_to_array", "load_img"]

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
COLORS = {"rgb": "rgb", "grayscale": "gray"}


def load_img(
    path: str | Path | bytes, grayscale: bool = False, color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None, interpolation: str = "nearest",
) -> "Image":  # fmt: skip
    """A picture of a file: a Pillow picture, of ``target_size`` (rows, columns), its sides squashed to that.

    Files are read as everywhere in Glasshouse: turned as their EXIF says, transparency on white.

    Raises:
        PictureError: it cannot be read, or a word is unknown.
    """
    from PIL import Image

    from glasshouse.data.decoding.picture import decode

    mode = "grayscale" if grayscale else color_mode
    if mode not in COLORS or interpolation not in INTERPOLATIONS:
        raise PictureError(
            "color_mode is rgb or grayscale, interpolation one of {words}; got {mode} and {interpolation}",
            words=", ".join(INTERPOLATIONS),
            mode=repr(mode),
            interpolation=repr(interpolation),
        )
    try:
        pixels = decode(path, COLORS[mode])
    except PictureError as error:
        raise PictureError(
            "{path}: {reason}", path=path if isinstance(path, str | Path) else "", reason=error
        ) from None
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if target_size is not None and picture.size != (target_size[1], target_size[0]):
        picture = picture.resize((target_size[1], target_size[0]), getattr(Image.Resampling, interpolation.upper()))
    return picture


def img_to_array(img: Any, data_format: str | None = None, dtype: str = "float32") -> np.ndarray:
    """A Pillow picture, or an array, as (rows, columns, channels), or channels first where ``data_format`` says so."""
    x = np.asarray(img, dtype)
    if x.ndim == 2:
        x = x[..., None]
    if x.ndim != 3:
        raise PictureError("a picture has 2 or 3 axes, got {axes}", axes=x.ndim)
    return x.transpose(2, 0, 1) if data_format == "channels_first" and not isinstance(img, np.ndarray) else x


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: str = "float32") -> "Image":
    """A Pillow picture of an array (rows, columns, channels); ``scale`` spreads its numbers over 0 to 255."""
    from PIL import Image

    values = np.asarray(x, dtype)
    if data_format == "channels_first":
        values = values.transpose(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4):
        raise PictureError(
            "array_to_img takes (rows, columns, channels) with 1, 3 or 4 channels, got {shape}", shape=values.shape
        )
    if scale:
        values = values - values.min()
        values = values / (values.max() or 1) * 255
    pixels = values.astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
