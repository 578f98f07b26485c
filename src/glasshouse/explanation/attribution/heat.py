"""A map of evidence as a picture: orange is evidence for the class, violet against it, transparent is none."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["address", "blended", "heat"]

FOR, AGAINST = (255, 110, 0), (110, 60, 220)
MOST = 99.5  # percentile of the sizes that is drawn in full colour: single pixels do not fade all others


def heat(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return a map (H, W) as RGBA (H, W, 4): the larger, the less transparent."""
    sizes = np.abs(values)
    most = float(np.percentile(sizes, MOST)) or float(sizes.max()) or 1.0
    alpha = np.round(255 * np.clip(sizes / most, 0, 1))
    colours = np.where((values >= 0)[..., None], FOR, AGAINST)
    return np.dstack([colours, alpha]).astype(np.uint8)


def blended(picture: NDArray[np.uint8], values: NDArray[np.floating[Any]], strength: float = 0.75) -> Image.Image:
    """Return the picture (H, W, C) with its map over it, in RGB; ``strength`` 0 is the picture alone, 1 covers it."""
    over = heat(values)
    over[..., 3] = np.round(over[..., 3] * strength)
    below = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).convert("RGBA")
    return Image.alpha_composite(below, Image.fromarray(over)).convert("RGB")


def address(picture: NDArray[np.uint8]) -> str:
    """Return a picture (H, W, C) as an address that holds it as PNG."""
    out = BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(out, "PNG")
    return "data:image/png;base64," + b64encode(out.getvalue()).decode("ascii")
