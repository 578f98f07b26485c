"""The nine patches of a filter as one picture of three rows; loads no torch."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.stored.rows import Split
from glasshouse.explanation.layers.kept_files import FilterLayer

__all__ = ["SIDE", "nine_sheet"]

SIDE, LINE = 48, 2  # pixels of a patch, and between two


def nine_sheet(layer: FilterLayer, number: int, pictures: Split) -> NDArray[np.uint8]:
    """Return uint8 (H, W, C): the patches of a filter, the strongest first, each fitted into a square."""
    rows = np.asarray(layer.rows[:, number], np.int64)
    wanted = np.unique(rows)
    known = dict(zip(wanted.tolist(), pictures.rows(wanted)))
    channels = int(pictures.shape[2])
    full = 3 * SIDE + 2 * LINE
    sheet = np.full((full, full, channels), 128, np.uint8)
    for rank, row in enumerate(rows.tolist()):
        x0, y0, x1, y1 = layer.box(rank, number)
        top, left = (place * (SIDE + LINE) for place in divmod(rank, 3))
        sheet[top : top + SIDE, left : left + SIDE] = _square(known[row][y0:y1, x0:x1])
    return sheet


def _square(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The patch at ``SIDE`` pixels: every pixel counts where it is small."""
    image = Image.fromarray(patch[..., 0] if patch.shape[2] == 1 else patch)
    way = Image.Resampling.NEAREST if max(image.size) < SIDE // 2 else Image.Resampling.BICUBIC
    return np.asarray(image.resize((SIDE, SIDE), way)).reshape(SIDE, SIDE, patch.shape[2])
