"""Changes of colour: a matrix and an offset for each picture, so that all of them are one pass over the pixels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data.augmentation.change import Change, Drawn, Shape
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["CHANNEL_SHIFT", "COLOUR"]

LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
YIQ = np.array([LUMA, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


def _draw_colour(recipe: AugmentationRecipe, draw: Draw, shape: Shape) -> Drawn | None:
    """Draw new colour = ``matrix`` (N, C, C) · colour + ``offset`` (N,) · the picture's mean luma.

    With brightness b, contrast c, saturation s and hue h (a part of the circle), in this order and clipped at the end:
    x·b; then c·x + (1-c)·m, m the picture's mean luma; then s·x + (1-s)·luma(x); then a turn by 2π·h, red towards
    yellow, about the grey axis in YIQ. Grey pictures have no saturation and no hue.
    """
    if not (recipe.brightness or recipe.contrast or recipe.saturation or recipe.hue):
        return None
    channels = shape[0]
    bright, contrast = draw.around("brightness", recipe.brightness), draw.around("contrast", recipe.contrast)
    matrix = np.tile(np.eye(channels), (len(draw.samples), 1, 1))
    if channels == 3:
        matrix = _hue(draw.between("hue", -recipe.hue, recipe.hue)) @ _saturation(
            draw.around("saturation", recipe.saturation)
        )
    return {"matrix": matrix * (bright * contrast)[:, None, None], "offset": bright * (1 - contrast)}


def _recolour(pictures: Tensor, drawn: Drawn, recipe: AugmentationRecipe) -> Tensor:
    pictures = pictures.contiguous()
    channels = pictures.shape[1]
    luma = torch.tensor(LUMA if channels == 3 else np.ones(1), dtype=pictures.dtype, device=pictures.device)
    mean = (pictures.mean(3).mean(2) * luma).sum(1)  # in two steps, so that its bits do not depend on N
    offset = torch.tensor(drawn["offset"], dtype=pictures.dtype, device=pictures.device) * mean
    matrix = torch.tensor(drawn["matrix"], dtype=pictures.dtype, device=pictures.device)
    result = torch.empty_like(pictures, memory_format=torch.contiguous_format)
    for row in range(channels):
        plane = torch.mul(pictures[:, 0], matrix[:, row, 0, None, None], out=result[:, row])
        for column in range(1, channels):
            plane.addcmul_(pictures[:, column], matrix[:, row, column, None, None])
        plane.add_(offset[:, None, None])
    return result.clamp_(0, 1)


def _draw_shift(recipe: AugmentationRecipe, draw: Draw, shape: Shape) -> Drawn | None:
    if not recipe.channel_shift:
        return None
    return {"amount": draw.between("channel_shift", -recipe.channel_shift, recipe.channel_shift) / 255}


def _shift_channels(pictures: Tensor, drawn: Drawn, recipe: AugmentationRecipe) -> Tensor:
    """Return pictures with a number from ±``channel_shift`` / 255 added, clipped to the picture's own range (Keras)."""
    amount = torch.tensor(drawn["amount"], dtype=pictures.dtype, device=pictures.device)[:, None, None, None]
    low, high = pictures.amin((1, 2, 3), keepdim=True), pictures.amax((1, 2, 3), keepdim=True)
    return (pictures + amount).clamp(low, high)


def _saturation(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    mixed: NDArray[np.float64] = amount[:, None, None] * np.eye(3) + (1 - amount)[:, None, None] * LUMA[None, None, :]
    return mixed


def _hue(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    rotation = np.tile(np.eye(3), (len(turn), 1, 1))
    cosine, sine = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
    rotation[:, 1, 1], rotation[:, 1, 2], rotation[:, 2, 1], rotation[:, 2, 2] = cosine, sine, -sine, cosine
    turned: NDArray[np.float64] = np.linalg.inv(YIQ) @ rotation @ YIQ
    return turned


COLOUR = Change(("brightness", "contrast", "saturation", "hue"), _draw_colour, _recolour)
CHANNEL_SHIFT = Change(("channel_shift",), _draw_shift, _shift_channels)
