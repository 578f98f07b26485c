"""Where in a picture a box lies: in a corner, on the border, or inside."""

import numpy as np
from numpy.typing import NDArray

from glasshouse.messages import Message

__all__ = ["Box", "box_of", "kind_of", "place_of"]

Box = tuple[int, int, int, int]  # x0, y0, x1, y1: from the first pixel to before the last

OUTER = 0.3  # of a side: a box within it at two sides is in a corner
RIM = 0.2  # of a side: a box within it is on the border
_PLACES = (
    (Message("upper left"), Message("upper middle"), Message("upper right")),
    (Message("left"), Message("middle"), Message("right")),
    (Message("lower left"), Message("lower middle"), Message("lower right")),
)


def box_of(mask: NDArray[np.bool_]) -> Box:
    """Return the smallest box around a mask (H, W) that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def kind_of(box: Box, width: int, height: int) -> str:
    """Return ``corner``, ``border`` or, for what lies further inside, ``patch``."""
    across, down = _ends(box[0], box[2], width, OUTER), _ends(box[1], box[3], height, OUTER)
    if across and down:
        return "corner"
    rim = _ends(box[0], box[2], width, RIM) or _ends(box[1], box[3], height, RIM)
    return "border" if rim else "patch"


def place_of(box: Box, width: int, height: int) -> str:
    """Return where the middle of a box lies, in words: ``upper left``, ``left``, ``middle`` and so on."""
    column, row = 3 * (box[0] + box[2]) // (2 * width), 3 * (box[1] + box[3]) // (2 * height)
    return _PLACES[min(row, 2)][min(column, 2)]


def _ends(low: int, high: int, whole: int, part: float) -> bool:
    return high <= part * whole or low >= (1 - part) * whole
