"""``PILImage``: a picture as it is read for a prediction."""

from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from glasshouse.data.decoding.picture import decode

__all__ = ["PILImage"]


class PILImage(Image.Image):
    """A picture of Pillow: ``PILImage.create("cat.jpg").to_thumb(192)``."""

    @classmethod
    def create(cls, fn: str | Path | bytes | np.ndarray | Image.Image) -> "PILImage":
        """Return a picture in colours, upright as its camera says, from a path, bytes, an array or Pillow's.

        Raises:
            PictureError: it cannot be used; the text is the reason.
        """
        return _as_own(Image.fromarray(decode(fn, "rgb")))

    def to_thumb(self, h: int, w: int | None = None) -> "PILImage":
        """Return a copy no larger than ``h`` by ``w`` pixels (``h`` by ``h``), its sides in proportion."""
        thumb = self.copy()
        thumb.thumbnail((w or h, h))
        return _as_own(thumb)


def _as_own(picture: Image.Image) -> PILImage:
    picture.__class__ = PILImage  # it holds nothing more, and Pillow has no way to make a picture of another class
    return cast(PILImage, picture)
