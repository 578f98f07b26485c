"""Occlusion: how much less probable a class is while a square of the picture is covered with the mean colour.

Source: Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, 2014, section 4.2.
"""

from itertools import product
from math import ceil

import torch
from torch import Tensor, nn

__all__ = ["occlusion", "squares"]

BATCH = 8  # pictures at once; of more, the maps are too large for memory that is used again
SQUARE, STEP = 5, 10  # the square is a fifth of the side, and moves by a tenth


def occlusion(module: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the map (H, W) of one picture x (C, H, W): the mean fall of the probability (-1..1) over the squares that
    cover a pixel. A place is covered with 0, the mean colour of the pixel normalization.
    """
    H, W = x.shape[1:]
    boxes = [(rows, columns) for rows, columns in product(squares(H), squares(W))]
    falls, covers = torch.zeros(H, W), torch.zeros(H, W)
    with torch.no_grad():
        whole = torch.softmax(module(x[None]), 1)[0, target]
        for first in range(0, len(boxes), BATCH):
            part = boxes[first : first + BATCH]
            covered = x.repeat(len(part), 1, 1, 1)
            for one, (rows, columns) in zip(covered, part):
                one[:, rows, columns] = 0
            for fall, (rows, columns) in zip(whole - torch.softmax(module(covered), 1)[:, target], part):
                falls[rows, columns] += fall
                covers[rows, columns] += 1
    return falls / covers


def squares(side: int) -> list[slice]:
    """Return the places of the square along one side; the last one may reach over the edge.

    >>> squares(10)
    [slice(0, 2, None), slice(1, 3, None), slice(2, 4, None), slice(3, 5, None), slice(4, 6, None), slice(5, 7, None), \
slice(6, 8, None), slice(7, 9, None), slice(8, 10, None)]
    """
    size, step = ceil(side / SQUARE), ceil(side / STEP)
    return [slice(k * step, k * step + size) for k in range(1 + ceil((side - size) / step))]
