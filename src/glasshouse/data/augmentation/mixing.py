"""Changes by rectangles and by other pictures: random erasing, mixup and cutmix."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["erase", "mix"]

ASPECTS = (0.3, 1 / 0.3)  # of an erased box, as in the paper


def erase(pictures: Tensor, recipe: AugmentationRecipe, draw: Draw) -> Tensor:
    """Return pictures of which some have a box of random place and shape filled with their mean colour.

    Source: Zhong et al., Random Erasing Data Augmentation, 2017; a box that would not fit is cut to the picture.
    """
    height, width = pictures.shape[2:]
    area = draw.between("erasing_area", *recipe.erasing_area) * height * width
    ratio = np.exp(draw.between("erasing_ratio", *np.log(ASPECTS)))
    hit = draw.happens("erasing", recipe.erasing)
    high, wide = np.sqrt(area * ratio) * hit, np.sqrt(area / ratio) * hit
    inside = _boxes(draw, "erasing", (high, wide), (height, width)).to(pictures.device)
    mean = pictures.mean(3, keepdim=True).mean(2, keepdim=True)  # in two steps, so that its bits do not depend on N
    return torch.where(inside, mean, pictures)


def mix(
    pictures: Tensor, labels: Tensor, recipe: AugmentationRecipe, draw: Draw, classes: int, parts: list[slice]
) -> Tensor:
    """Mix each picture with the next one of the batch, in place, and return targets (N, K): the parts of the classes.

    With λ ~ Beta(α, α), mixup is λ·x + (1-λ)·x' (Zhang et al. 2017); cutmix puts a box of the area 1-λ of x' into x,
    and λ is then what is left of x (Yun et al. 2019). With both on, each picture has one of them, by a coin.
    Which picture is the next one depends on the batch; λ, the box and the coin only on the sample. ``parts`` are the
    slices of the batch that are worked on at a time.
    """
    first = pictures[:1].clone()  # the last picture's next, which is mixed by then
    kept = []
    for part in parts:
        partners = pictures[part.start + 1 : part.stop + 1]
        if len(partners) < len(pictures[part]):
            partners = torch.cat([partners, first])
        weight, share = _weights(recipe, draw.only(part), pictures[part])
        pictures[part] = torch.lerp(partners, pictures[part], weight)
        kept.append(share)
    whole = torch.cat(kept)[:, None]  # λ (N, 1)
    hot = F.one_hot(labels, classes).to(pictures.dtype)
    return whole * hot + (1 - whole) * hot.roll(-1, 0)


def _weights(recipe: AugmentationRecipe, draw: Draw, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each pixel keeps of its own picture, (N, 1, 1, 1) or (N, 1, H, W), and its mean λ (N,)."""
    coin = draw.happens("mix", 0.5 if recipe.mixup and recipe.cutmix else float(recipe.cutmix > 0))  # cutmix or mixup
    part = np.where(coin, draw.beta("cutmix", recipe.cutmix or 1.0), draw.beta("mixup", recipe.mixup or 1.0))
    mixup = torch.tensor(part, dtype=pictures.dtype, device=pictures.device)
    if not recipe.cutmix:
        return mixup[:, None, None, None], mixup
    height, width = pictures.shape[2:]
    side = np.sqrt(1 - part) * coin
    inside = _boxes(draw, "cutmix", (side * height, side * width), (height, width)).to(pictures.device)
    cut = torch.from_numpy(coin).to(pictures.device)
    weight = torch.where(inside, 0.0, torch.where(cut, 1.0, mixup)[:, None, None, None])
    return weight, torch.where(cut, 1 - inside.to(weight.dtype).mean((1, 2, 3)), mixup)


def _boxes(
    draw: Draw, stream: str, box: tuple[NDArray[np.float64], NDArray[np.float64]], size: tuple[int, int]
) -> Tensor:
    """Return masks (N, 1, H, W), True inside a box of ``box`` pixels (height, width) (N,) at a random place."""
    sides = []
    for name, length, full in zip(("y", "x"), box, size):
        whole = np.minimum(np.round(length), full)
        start = np.floor(draw.between(f"{stream}_{name}", 0, 1) * (full - whole + 1))
        places = np.arange(full)
        sides.append((places >= start[:, None]) & (places < (start + whole)[:, None]))  # (N, side)
    return torch.from_numpy(sides[0][:, None, :, None] & sides[1][:, None, None, :])
