"""Random erasing: a box of the picture is covered with its mean colour."""

import numpy as np
import torch
from torch import Tensor

from glasshouse.data.augmentation.boxes import drawn_boxes, inside_boxes
from glasshouse.data.augmentation.change import Change, Drawn, Shape
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["ERASING"]

ASPECTS = (0.3, 1 / 0.3)  # of an erased box, as in the paper


def _draw(recipe: AugmentationRecipe, draw: Draw, shape: Shape) -> Drawn | None:
    if not recipe.erasing:
        return None
    _, height, width = shape
    area = draw.between("erasing_area", *recipe.erasing_area) * height * width
    ratio = np.exp(draw.between("erasing_ratio", *np.log(ASPECTS)))
    hit = draw.happens("erasing", recipe.erasing)
    high, wide = np.sqrt(area * ratio) * hit, np.sqrt(area / ratio) * hit
    return drawn_boxes(draw, "erasing", (high, wide), (height, width))


def _erase(pictures: Tensor, drawn: Drawn, recipe: AugmentationRecipe) -> Tensor:
    """Return pictures of which some have a box of random place and shape filled with their mean colour.

    Source: Zhong et al., Random Erasing Data Augmentation, 2017; a box that would not fit is cut to the picture.
    """
    height, width = pictures.shape[2:]
    inside = inside_boxes(drawn, (height, width)).to(pictures.device)
    mean = pictures.mean(3, keepdim=True).mean(2, keepdim=True)  # in two steps, so that its bits do not depend on N
    return torch.where(inside, mean, pictures)


ERASING = Change(("erasing", "erasing_area"), _draw, _erase)
