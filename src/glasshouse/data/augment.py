"""Augmentation of a whole batch on its device: geometry, colour, erasing, mixing, in this order."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data.augmentation.colour import Colours, colours, recolour, shift_channels
from glasshouse.data.augmentation.mixing import erase, mix
from glasshouse.data.augmentation.warp import flips, matrices, warp
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["augment"]

CHUNK = 4  # pictures at a time on a processor, so that they stay in its cache: several times as fast as all at once


@dataclass(frozen=True)
class Plan:
    """What is drawn for the whole batch before the pixels are touched."""

    draw: Draw
    places: NDArray[np.float64] | None
    change: Colours | None


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

    Targets are the labels (N,), or the parts of the classes (N, K) with mixup or cutmix. All that is random is a
    function of ``seed``, ``epoch`` and the sample's number in ``samples`` (N,) alone; only the partner for mixup and
    cutmix is the next picture of the batch. Where nothing is switched on, the arguments themselves come back.
    """
    if not recipe.active:
        return pictures, labels
    draw = Draw(seed, epoch, samples)
    _, channels, height, width = pictures.shape
    plan = Plan(draw, matrices(recipe, draw, height, width), colours(recipe, draw, channels))
    result = torch.empty_like(pictures, memory_format=torch.channels_last)
    parts = _parts(pictures)
    for part in parts:
        result[part] = _changed(pictures[part], recipe, plan, part)
    if recipe.mixup or recipe.cutmix:
        return result, mix(result, labels, recipe, draw, classes, parts)
    return result, labels


def _parts(pictures: Tensor) -> list[slice]:
    step = CHUNK if pictures.device.type == "cpu" else max(len(pictures), 1)
    return [slice(at, at + step) for at in range(0, len(pictures), step)]


def _changed(pictures: Tensor, recipe: AugmentationRecipe, plan: Plan, part: slice) -> Tensor:
    draw = plan.draw.only(part)
    if plan.places is not None:
        pictures = warp(pictures, plan.places[part], recipe.fill, recipe.fill_value / 255)
    elif recipe.horizontal_flip or recipe.vertical_flip:
        pictures = _flipped(pictures, recipe, draw)
    if recipe.channel_shift:
        pictures = shift_channels(pictures, recipe, draw)
    if plan.change is not None:
        pictures = recolour(pictures.contiguous(), plan.change.only(part))
    return erase(pictures, recipe, draw) if recipe.erasing else pictures


def _flipped(pictures: Tensor, recipe: AugmentationRecipe, draw: Draw) -> Tensor:
    """Flips alone move whole pixels, so they are exact."""
    across, down = flips(recipe, draw)
    for axis, chosen in ((3, across), (2, down)):
        if chosen.any():
            where = torch.from_numpy(chosen).to(pictures.device)[:, None, None, None]
            pictures = torch.where(where, pictures.flip(axis), pictures)
    return pictures
