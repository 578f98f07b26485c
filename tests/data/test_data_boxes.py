"""Boxes of CutMix and erasing lie anywhere in the picture: at every edge too, and nowhere beyond."""

import numpy as np
import torch

from glasshouse.data.augmentation.boxes import drawn_boxes, inside_boxes
from glasshouse.data.draws import Draw


def masks_of(draw: Draw, stream: str, box: tuple[np.ndarray, np.ndarray], size: tuple[int, int]) -> torch.Tensor:
    return inside_boxes(drawn_boxes(draw, stream, box, size), size)


def test_a_box_has_its_size_and_every_place_comes_equally_often() -> None:
    count = 6000
    sides = np.full(count, 3.0), np.full(count, 2.0)
    masks = masks_of(Draw(1, 0, np.arange(count)), "cutmix", sides, (5, 8))[:, 0].numpy()
    assert masks.shape == (count, 5, 8) and (masks.sum((1, 2)) == 6).all()
    top, left = masks.any(2).argmax(1), masks.any(1).argmax(1)
    for places, free in ((top, 3), (left, 7)):
        found = np.bincount(places, minlength=free)
        assert len(found) == free and abs(found - count / free).max() < 5 * (count / free) ** 0.5


def test_a_box_as_large_as_the_picture_is_all_of_it_and_one_of_nothing_is_nothing() -> None:
    draw = Draw(1, 0, np.arange(50))
    assert masks_of(draw, "erasing", (np.full(50, 9.0), np.full(50, 8.0)), (5, 8)).all()
    assert not masks_of(draw, "erasing", (np.full(50, 0.4), np.full(50, 8.0)), (5, 8)).any()
