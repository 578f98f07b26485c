"""Numbers as small pictures: an activation map in grey, a gradient map around middle grey; as PNG."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["activation_grey", "data_address", "gradient_grey"]

Array = NDArray[np.floating[Any]]


def activation_grey(maps: Array) -> NDArray[np.uint8]:
    """Maps (C, H, W) as bytes: black is the smallest number of all of them, white the largest."""
    low, high = float(maps.min()), float(maps.max())
    return np.round((maps - low) * (255 / max(high - low, 1e-300))).clip(0, 255).astype(np.uint8)


def gradient_grey(maps: Array) -> NDArray[np.uint8]:
    """Maps (C, H, W) as bytes: 128 is 0, darker negative, lighter positive, by the largest size of all of them."""
    most = float(np.abs(maps).max())
    return np.round(128 + maps * (127 / max(most, 1e-300))).clip(0, 255).astype(np.uint8)


def data_address(picture: NDArray[np.uint8], side: int = 96) -> str:
    """A picture (H, W) or (H, W, C) as an address that holds it as PNG, its longer side at most ``side``."""
    image = Image.fromarray(picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture)
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.BILINEAR)
    out = BytesIO()
    image.save(out, "PNG", optimize=False)
    return "data:image/png;base64," + b64encode(out.getvalue()).decode("ascii")
