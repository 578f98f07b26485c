"""Changes by other pictures: mixup and CutMix."""

import numpy as np
import torch
from torch import Tensor

from glasshouse.data.augmentation.boxes import drawn_boxes, inside_boxes
from glasshouse.data.augmentation.change import Drawn, Mixing, Shape
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["MIXUP_CUTMIX"]


def _draw(recipe: AugmentationRecipe, draw: Draw, shape: Shape) -> Drawn | None:
    """Draw λ ~ Beta(α, α) and, with both on, a coin for each picture, whether it is cut or mixed."""
    if not (recipe.mixup or recipe.cutmix):
        return None
    cut = draw.happens("mix", 0.5 if recipe.mixup and recipe.cutmix else float(recipe.cutmix > 0))
    own = np.where(cut, draw.beta("cutmix", recipe.cutmix or 1.0), draw.beta("mixup", recipe.mixup or 1.0))
    if not recipe.cutmix:
        return {"cut": cut, "own": own}
    _, height, width = shape
    side = np.sqrt(1 - own) * cut
    return {"cut": cut, "own": own, **drawn_boxes(draw, "cutmix", (side * height, side * width), (height, width))}


def _mix(pictures: Tensor, partners: Tensor, drawn: Drawn, recipe: AugmentationRecipe) -> tuple[Tensor, Tensor]:
    """Mixup is λ·x + (1-λ)·x' (Zhang et al. 2017); CutMix puts a box of the area 1-λ of x' into x, and λ is then what
    is left of x (Yun et al. 2019).
    """
    mixup = torch.tensor(drawn["own"], dtype=pictures.dtype, device=pictures.device)
    if not recipe.cutmix:
        return torch.lerp(partners, pictures, mixup[:, None, None, None]), mixup
    height, width = pictures.shape[2:]
    inside = inside_boxes(drawn, (height, width)).to(pictures.device)
    cut = torch.from_numpy(drawn["cut"]).to(pictures.device)
    weight = torch.where(inside, 0.0, torch.where(cut, 1.0, mixup)[:, None, None, None])  # what each pixel keeps
    own = torch.where(cut, 1 - inside.to(weight.dtype).mean((1, 2, 3)), mixup)
    return torch.lerp(partners, pictures, weight), own


MIXUP_CUTMIX = Mixing(("mixup", "cutmix"), _draw, _mix)
