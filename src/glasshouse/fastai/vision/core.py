"""``PILImage``: a picture as it is read for a prediction."""

from pathlib import Path

import numpy as np
from PIL import Image

from glasshouse.data.decoding.picture import decode

__all__ = ["PILImage"]


class PILImage:
    """Makes pictures of Pillow: ``PILImage.create("cat.jpg")``."""

    @staticmethod
    def create(fn: str | Path | bytes | np.ndarray | Image.Image) -> Image.Image:
        """Return a picture in colours, upright as its camera says, from a path, bytes, an array or Pillow's.

        Raises:
            PictureError: it cannot be used; the text is the reason.
        """
        return Image.fromarray(decode(fn, "rgb"))
