"""Colours of 16 bits in PNG and TIFF, of which Pillow keeps the higher 8 bits: 12 bits of a microscope would be black.

Pillow reads the other half of each value where it is told that the bytes are in the other order.
"""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageFile

__all__ = ["is_deep", "whole_values"]

_OTHER = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B" if np.little_endian else ";16L"}


def is_deep(image: Image.Image) -> bool:
    """Return whether an image that was opened, and not loaded yet, has colours of 16 bits that Pillow reads as 8."""
    if image.mode not in ("RGB", "RGBA") or "transparency" in image.info or not isinstance(image, ImageFile.ImageFile):
        return False
    return bool(image.tile) and all(_raw_mode(tile.args) is not None for tile in image.tile)


def _raw_mode(args: object) -> str | None:
    """Return the order of bytes that a tile's arguments name."""
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) and raw[-4:] in _OTHER else None


def whole_values(data: bytes, higher: np.ndarray, formats: list[str]) -> np.ndarray | None:
    """Return the values uint16 (H, W, C) of a deep picture, whose ``higher`` bytes are known; None if it cannot be.

    ``higher`` is uint8 (H, W, C) as Pillow gives it.
    """
    with Image.open(BytesIO(data), formats=formats) as image:
        image.tile = [tile._replace(args=_exchanged(tile.args)) for tile in image.tile]
        try:
            lower = np.asarray(image)
        except ValueError:  # this build of Pillow does not know the other order
            return None
    return higher.astype(np.uint16) << 8 | lower if lower.shape == higher.shape else None


def _exchanged(args: tuple[Any, ...] | str | None) -> tuple[Any, ...] | str | None:
    raw = _raw_mode(args)
    if raw is None:
        return args
    other = raw[:-4] + _OTHER[raw[-4:]]
    return (other, *args[1:]) if isinstance(args, tuple) else other
