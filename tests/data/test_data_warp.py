"""The geometry is that of Keras' ImageDataGenerator, which hands one matrix to SciPy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from glasshouse.data.augmentation.warp import flips, matrices, warp
from glasshouse.data.draws import Draw
from glasshouse.recipe import AugmentationRecipe

FILLS = ("nearest", "reflect", "wrap", "constant")


def keras_transform(picture: NDArray[np.float64], fill: str, **p: float) -> NDArray[np.float64]:
    """Keras' ``apply_affine_transform`` for one channel, as its source has it (theta and shear in degrees)."""
    theta, shear = np.deg2rad(p["theta"]), np.deg2rad(p["shear"])
    rotation = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    shift = np.array([[1, 0, p["tx"]], [0, 1, p["ty"]], [0, 0, 1]])
    sheared = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    zoom = np.array([[p["zx"], 0, 0], [0, p["zy"], 0], [0, 0, 1]])
    height, width = picture.shape
    there = np.array([[1, 0, height / 2 - 0.5], [0, 1, width / 2 - 0.5], [0, 0, 1]])
    back = np.array([[1, 0, 0.5 - height / 2], [0, 1, 0.5 - width / 2], [0, 0, 1]])
    matrix = there @ rotation @ shift @ sheared @ zoom @ back
    return ndimage.affine_transform(picture, matrix[:2, :2], matrix[:2, 2], order=1, mode=fill, cval=0.3)


def far_from_jumps(picture: NDArray[np.float64], fill: str, **p: float) -> NDArray[np.bool_]:
    """Where a tiny change of the place changes little: wrap and constant jump at the edge."""
    near = [keras_transform(picture, fill, **{**p, "tx": p["tx"] + d, "ty": p["ty"] + e}) for d, e in
            ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3))]  # fmt: skip
    return np.ptp(near, axis=0) < 0.01


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("size", [(24, 37), (32, 32)])
def test_as_keras(fill: str, size: tuple[int, int]) -> None:
    height, width = size
    recipe = AugmentationRecipe(rotation=90, width_shift=0.4, height_shift=5, shear=40, zoom=(0.5, 2.0))
    draw = Draw(3, 1, np.arange(12))
    pictures = np.random.default_rng(0).random((12, 2, height, width))
    ours = warp(torch.from_numpy(pictures).float(), matrices(recipe, draw, height, width), fill, 0.3).numpy()
    for i in range(12):
        p = {
            "theta": draw.between("rotation", -90, 90)[i],
            "tx": draw.between("height_shift", -5, 5)[i],
            "ty": draw.between("width_shift", -0.4, 0.4)[i] * width,
            "shear": draw.between("shear", -40, 40)[i],
            "zx": draw.between("zoom_y", 0.5, 2)[i],
            "zy": draw.between("zoom_x", 0.5, 2)[i],
        }
        for channel in range(2):
            expected = keras_transform(pictures[i, channel], fill, **p)
            sure = far_from_jumps(pictures[i, channel], fill, **p)
            assert sure.mean() > 0.8
            np.testing.assert_allclose(ours[i, channel][sure], expected[sure], atol=2e-4)


def test_flips_come_last() -> None:
    plain = AugmentationRecipe(rotation=30, zoom=0.2)
    flipping = AugmentationRecipe(rotation=30, zoom=0.2, horizontal_flip=True, vertical_flip=True)
    draw = Draw(0, 0, np.arange(16))
    pictures = torch.rand(16, 1, 20, 20)
    straight = warp(pictures, matrices(plain, draw, 20, 20), "nearest", 0)
    turned = warp(pictures, matrices(flipping, draw, 20, 20), "nearest", 0)
    across, down = flips(flipping, draw)
    assert 0 < across.sum() < 16 and 0 < down.sum() < 16 and (across != down).any()
    for i in range(16):
        axes = [axis for axis, flip in ((2, across[i]), (1, down[i])) if flip]
        torch.testing.assert_close(turned[i], straight[i].flip(axes), atol=1e-5, rtol=0)


def test_shift_of_whole_pixels_from_a_list() -> None:
    recipe = AugmentationRecipe(width_shift=(2.0, 3.0), height_shift=(0.0,))
    places = matrices(recipe, Draw(0, 0, np.arange(400)), 10, 10)
    assert places is not None
    values, counts = np.unique(places[:, 1, 2], return_counts=True)
    assert values.tolist() == [-3, -2, 2, 3] and counts.min() > 60
    assert (places[:, 0, 2] == 0).all()


@pytest.mark.parametrize(("amount", "largest"), [(0.25, 25.0), (4.0, 4.0), ((0.1, 0.2), 20.0), ((1.0, 6.0), 6.0)])
def test_shift_is_a_part_below_one_and_pixels_from_one_on(amount: float, largest: float) -> None:
    places = matrices(AugmentationRecipe(width_shift=amount), Draw(0, 0, np.arange(2000)), 50, 100)
    assert places is not None
    assert np.abs(places[:, 1, 2]).max() == pytest.approx(largest, rel=0.01)


def test_zoom_draws_the_axes_alone() -> None:
    places = matrices(AugmentationRecipe(zoom=0.2), Draw(0, 0, np.arange(5000)), 50, 100)
    assert places is not None
    y, x = places[:, 0, 0], places[:, 1, 1]
    assert abs(np.corrcoef(y, x)[0, 1]) < 0.05
    assert y.min() == pytest.approx(0.8, abs=0.01) and y.max() == pytest.approx(1.2, abs=0.01)


def test_crop_stays_inside_with_the_area_and_aspect_asked() -> None:
    recipe = AugmentationRecipe(crop_scale=(0.3, 0.9), crop_ratio=(0.5, 2.0))
    places = matrices(recipe, Draw(0, 0, np.arange(3000)), 60, 80)
    assert places is not None
    high, wide = places[:, 0, 0] * 60, places[:, 1, 1] * 80
    assert (high <= 60 + 1e-9).all() and (wide <= 80 + 1e-9).all()
    assert (np.abs(places[:, 0, 2]) <= (60 - high) / 2 + 1e-9).all()
    assert (np.abs(places[:, 1, 2]) <= (80 - wide) / 2 + 1e-9).all()
    free = (high < 60) & (wide < 80)
    area, ratio = (high * wide / 4800)[free], (wide / high)[free]
    assert area.min() > 0.299 and area.max() < 0.901
    assert ratio.min() > 0.499 and ratio.max() < 2.001


def test_crop_of_everything_changes_nothing() -> None:
    recipe = AugmentationRecipe(crop_scale=(1.0, 1.0), crop_ratio=(1.0, 1.0))
    pictures = torch.rand(3, 3, 16, 16)
    result = warp(pictures, matrices(recipe, Draw(0, 0, np.arange(3)), 16, 16), "constant", 1.0)
    torch.testing.assert_close(result, pictures, atol=1e-5, rtol=0)


@pytest.mark.parametrize("fill", FILLS)
def test_one_pixel_wide(fill: str) -> None:
    places = matrices(AugmentationRecipe(rotation=45, width_shift=3.0), Draw(0, 0, np.arange(4)), 1, 1)
    assert torch.isfinite(warp(torch.rand(4, 1, 1, 1), places, fill, 0.0)).all()
