"""All changes of geometry in one: matrices from a recipe's draws, and one bilinear resampling of the batch.

The meaning is that of Keras' ``ImageDataGenerator``: with (y, x) from the picture's centre, the new picture at (y, x)
is the old one at rotation · shift · shear · zoom · (y, x), so that a zoom below 1 magnifies.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from glasshouse.data.augmentation.change import Change, Drawn, Shape
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

__all__ = ["GEOMETRY", "flips", "matrices", "warp"]

Floats = NDArray[np.float64]


def flips(recipe: AugmentationRecipe, draw: Draw) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pictures (N,) are turned left to right, and which upside down."""
    across = draw.happens("horizontal_flip", 0.5 if recipe.horizontal_flip else 0)
    return across, draw.happens("vertical_flip", 0.5 if recipe.vertical_flip else 0)


def matrices(recipe: AugmentationRecipe, draw: Draw, height: int, width: int) -> Floats | None:
    """Return matrices (N, 3, 3) from new to old (y, x, 1), in pixels from the centre; None where only flips are on."""
    parts = [
        _crop(recipe, draw, height, width) if recipe.crop_scale is not None else None,
        _rotation(draw.between("rotation", -recipe.rotation, recipe.rotation)) if recipe.rotation else None,
        _shift(recipe, draw, height, width) if recipe.height_shift or recipe.width_shift else None,
        _shear(draw.between("shear", -recipe.shear, recipe.shear)) if recipe.shear else None,
        _scale(draw.around("zoom_y", recipe.zoom), draw.around("zoom_x", recipe.zoom)) if recipe.zoom else None,
    ]
    if all(part is None for part in parts):
        return None
    across, down = flips(recipe, draw)
    result = _identity(len(draw.samples))
    for part in [*parts, _scale(np.where(down, -1.0, 1.0), np.where(across, -1.0, 1.0))]:
        if part is not None:
            result = result @ part
    return result


def warp(pictures: Tensor, matrices: Floats, fill: str, value: float) -> Tensor:
    """Return pictures (N, C, H, W) resampled bilinearly at ``matrices`` · (y, x, 1).

    Beyond the edge, ``nearest`` repeats the last pixel, ``reflect`` mirrors at the pixel's outer edge, ``wrap`` goes on
    at the other side (with SciPy's period of one pixel less than the side), ``constant`` is ``value`` (0 to 1).
    """
    height, width = pictures.shape[2:]
    grid = _grid(matrices, height, width, pictures.device)  # (N, H, W, 2), x then y, -1 to 1 from edge to edge
    if fill == "wrap":
        grid = _wrapped(grid, height, width)
    mode = "reflection" if fill == "reflect" else "border"
    result = F.grid_sample(pictures, grid, mode="bilinear", padding_mode=mode, align_corners=False)
    if fill == "constant":
        limits = [(side - 1) / side + 1e-5 for side in (width, height)]  # the centres of the outermost pixels
        outside = (grid[..., 0].abs() > limits[0]) | (grid[..., 1].abs() > limits[1])
        result.masked_fill_(outside.unsqueeze(1), value)
    return result


def _grid(matrices: Floats, height: int, width: int, device: torch.device) -> Tensor:
    """Old positions of all new pixels; the matrices (in pixels) are brought to -1..1 in double precision first."""
    count = len(matrices)
    grid = torch.empty((count, height, width, 2), device=device)
    y, x = (np.arange(side) - (side - 1) / 2 for side in (height, width))
    for axis, (row, side) in enumerate(((1, width), (0, height))):
        along_x = matrices[:, row, 1, None] * x + matrices[:, row, 2, None]  # (N, W)
        along_y = matrices[:, row, 0, None] * y  # (N, H)
        parts = [torch.from_numpy((part * 2 / side).astype(np.float32)).to(device) for part in (along_x, along_y)]
        torch.add(parts[0][:, None, :], parts[1][:, :, None], out=grid[..., axis])
    return grid


def _wrapped(grid: Tensor, height: int, width: int) -> Tensor:
    sides = torch.tensor([width, height], dtype=grid.dtype, device=grid.device)
    period = (sides - 1).clamp(min=1)
    pixels = ((grid + 1) * sides - 1) / 2
    pixels.sub_(torch.floor(pixels / period).mul_(period))  # torch.remainder is five times as slow
    return pixels.mul_(2).add_(1).div_(sides).sub_(1)


def _identity(count: int) -> Floats:
    return np.tile(np.eye(3), (count, 1, 1))


def _rotation(degrees: Floats) -> Floats:
    result, angle = _identity(len(degrees)), np.deg2rad(degrees)
    result[:, 0, 0], result[:, 0, 1] = np.cos(angle), -np.sin(angle)
    result[:, 1, 0], result[:, 1, 1] = np.sin(angle), np.cos(angle)
    return result


def _shear(degrees: Floats) -> Floats:
    result, angle = _identity(len(degrees)), np.deg2rad(degrees)
    result[:, 0, 1], result[:, 1, 1] = -np.sin(angle), np.cos(angle)
    return result


def _scale(y: Floats, x: Floats) -> Floats:
    result = _identity(len(y))
    result[:, 0, 0], result[:, 1, 1] = y, x
    return result


def _shift(recipe: AugmentationRecipe, draw: Draw, height: int, width: int) -> Floats:
    result = _identity(len(draw.samples))
    result[:, 0, 2] = _distance("height_shift", recipe.height_shift, draw, height)
    result[:, 1, 2] = _distance("width_shift", recipe.width_shift, draw, width)
    return result


def _distance(stream: str, amount: float | tuple[float, ...], draw: Draw, side: int) -> Floats:
    """Pixels to shift by: evenly from ±amount, or one of a list with a random sign; below 1 a part of the side."""
    if isinstance(amount, tuple):
        chosen = draw.one_of(stream, amount) * np.where(draw.happens(stream + "_sign", 0.5), -1, 1)
        return chosen * side if max(amount) < 1 else chosen
    chosen = draw.between(stream, -amount, amount)
    return chosen * side if amount < 1 else chosen


def _crop(recipe: AugmentationRecipe, draw: Draw, height: int, width: int) -> Floats:
    """A box of random area and aspect (evenly in its logarithm), cut to the picture, at a random place, made full."""
    area = draw.between("crop_area", *(recipe.crop_scale or (1.0, 1.0))) * height * width
    ratio = np.exp(draw.between("crop_ratio", *np.log(recipe.crop_ratio)))
    high, wide = np.minimum(np.sqrt(area / ratio), height), np.minimum(np.sqrt(area * ratio), width)
    result = _scale(high / height, wide / width)
    result[:, 0, 2] = (height - high) * draw.between("crop_y", -0.5, 0.5)
    result[:, 1, 2] = (width - wide) * draw.between("crop_x", -0.5, 0.5)
    return result


def _draw(recipe: AugmentationRecipe, draw: Draw, shape: Shape) -> Drawn | None:
    """Draw one matrix for all that moves a picture between pixels; flips alone move whole ones and stay exact."""
    places = matrices(recipe, draw, *shape[1:])
    if places is not None:
        return {"places": places}
    if not (recipe.horizontal_flip or recipe.vertical_flip):
        return None
    across, down = flips(recipe, draw)
    return {"across": across, "down": down}


def _move(pictures: Tensor, drawn: Drawn, recipe: AugmentationRecipe) -> Tensor:
    if "places" in drawn:
        return warp(pictures, drawn["places"], recipe.fill, recipe.fill_value / 255)
    for axis, chosen in ((3, drawn["across"]), (2, drawn["down"])):
        if chosen.any():
            where = torch.from_numpy(chosen).to(pictures.device)[:, None, None, None]
            pictures = torch.where(where, pictures.flip(axis), pictures)
    return pictures


GEOMETRY = Change(
    ("rotation", "width_shift", "height_shift", "shear", "zoom", "horizontal_flip", "vertical_flip", "crop_scale",
     "crop_ratio", "fill", "fill_value"),
    _draw,
    _move,
)  # fmt: skip
