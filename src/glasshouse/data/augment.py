"""Augmentation of a whole batch on its device: geometry, colour, erasing, mixing, in this order."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from glasshouse.data.augmentation.change import Change, Drawn, Mixing
from glasshouse.data.augmentation.colour import CHANNEL_SHIFT, COLOUR
from glasshouse.data.augmentation.erasing import ERASING
from glasshouse.data.augmentation.mixing import MIXUP_CUTMIX
from glasshouse.data.augmentation.warp import GEOMETRY
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["CHANGES", "MIXINGS", "augment", "changed_rows"]

CHANGES: tuple[Change, ...] = (GEOMETRY, CHANNEL_SHIFT, COLOUR, ERASING)  # of each picture, in this order
MIXINGS: tuple[Mixing, ...] = (MIXUP_CUTMIX,)  # then with the next picture of the batch
CHUNK = 4  # pictures at a time on a processor, so that they stay in its cache: several times as fast as all at once


def augment(
    pictures: Tensor,
    labels: Tensor,
    samples: NDArray[np.int64],
    recipe: AugmentationRecipe,
    seed: int,
    epoch: int,
    classes: int,
) -> tuple[Tensor, Tensor]:
    """Return changed copies of pictures, float32 (N, C, H, W) in 0..1, channels last in memory, and their targets.

    Targets are the labels (N,), or the parts of the classes (N, K) where pictures are mixed. All that is random is a
    function of ``seed``, ``epoch`` and the sample's number in ``samples`` (N,) alone; only the partner of a mixing is
    the next picture of the batch. If nothing is switched on, the arguments themselves come back.
    """
    if not recipe.active:
        return pictures, labels
    draw = Draw(seed, epoch, samples)
    _, channels, height, width = pictures.shape
    shape = (channels, height, width)
    plan = [(change, drawn) for change in CHANGES if (drawn := change.draw(recipe, draw, shape)) is not None]
    result = torch.empty_like(pictures, memory_format=torch.channels_last)
    parts = _parts(pictures)
    for part in parts:
        changed = pictures[part]
        for change, drawn in plan:
            changed = change.apply(changed, _only(drawn, part), recipe)
        result[part] = changed
    targets = labels
    for mixing in MIXINGS:
        if (drawn := mixing.draw(recipe, draw, shape)) is not None:
            own = _mixed(result, mixing, drawn, recipe, parts)
            targets = targets if targets.ndim == 2 else F.one_hot(targets, classes).to(pictures.dtype)
            targets = own * targets + (1 - own) * targets.roll(-1, 0)
    return result, targets


def changed_rows(
    rows: NDArray[np.uint8], samples: NDArray[np.int64], recipe: AugmentationRecipe, seed: int, epochs: Iterable[int]
) -> NDArray[np.uint8]:
    """Return pictures, uint8 (N, H, W, C), as a training shows the ``samples`` (N,) in the ``epochs`` (N)."""
    found = []
    for row, sample, epoch in zip(rows, samples.tolist(), epochs, strict=True):
        picture = torch.from_numpy(np.ascontiguousarray(row)).permute(2, 0, 1)[None].float().div(255)
        numbers = np.array([sample], np.int64)
        changed, _ = augment(picture, torch.zeros(1, dtype=torch.long), numbers, recipe.unmixed(), seed, epoch, 1)
        found.append(changed[0].permute(1, 2, 0).mul(255).round().clamp(0, 255).to(torch.uint8).numpy())
    return np.stack(found)


def _parts(pictures: Tensor) -> list[slice]:
    step = CHUNK if pictures.device.type == "cpu" else max(len(pictures), 1)
    return [slice(at, at + step) for at in range(0, len(pictures), step)]


def _only(drawn: Drawn, part: slice) -> Drawn:
    return {name: values[part] for name, values in drawn.items()}


def _mixed(pictures: Tensor, mixing: Mixing, drawn: Drawn, recipe: AugmentationRecipe, parts: list[slice]) -> Tensor:
    """Mix each picture with the next one of the batch, in place, and return λ (N, 1)."""
    own = pictures.new_empty(len(pictures))
    first = pictures[:1].clone()  # the last picture's next, which is mixed by then
    for part in parts:
        partners = pictures[part.start + 1 : part.stop + 1]
        if len(partners) < len(pictures[part]):
            partners = torch.cat([partners, first])
        pictures[part], own[part] = mixing.apply(pictures[part], partners, _only(drawn, part), recipe)
    return own[:, None]
