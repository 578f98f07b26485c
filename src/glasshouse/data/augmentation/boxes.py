"""Boxes at random places of pictures, for erasing and CutMix."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data.draws import Draw

__all__ = ["drawn_boxes", "inside_boxes"]

AXES = ("y", "x")


def drawn_boxes(
    draw: Draw, stream: str, box: tuple[NDArray[np.float64], NDArray[np.float64]], size: tuple[int, int]
) -> dict[str, NDArray[np.float64]]:
    """Return where boxes of ``box`` pixels (height, width) (N,) begin and end (N,), evenly within ``size``.

    A box is rounded to whole pixels, and one that would not fit is cut to the picture.
    """
    drawn = {}
    for axis, length, full in zip(AXES, box, size):
        whole = np.minimum(np.round(length), full)
        start = np.floor(draw.between(f"{stream}_{axis}", 0, 1) * (full - whole + 1))
        drawn[f"{axis}_start"], drawn[f"{axis}_end"] = start, start + whole
    return drawn


def inside_boxes(boxes: Mapping[str, NDArray[Any]], size: tuple[int, int]) -> Tensor:
    """Return masks (N, 1, H, W), True inside each box."""
    sides = []
    for axis, full in zip(AXES, size):
        places = np.arange(full)
        start, end = boxes[f"{axis}_start"][:, None], boxes[f"{axis}_end"][:, None]
        sides.append((places >= start) & (places < end))  # (N, side)
    return torch.from_numpy(sides[0][:, None, :, None] & sides[1][:, None, None, :])
