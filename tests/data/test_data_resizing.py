"""The four ways to resize: exact sizes, the right part of the picture, the same bits on any number of threads."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glasshouse.data.decoding.resizing import MODES, plan, resize
from pictures import picture

side = st.integers(1, 70)


@settings(max_examples=150, deadline=None)
@given(side, side, side, side, st.sampled_from(MODES), st.sampled_from([1, 3]))
def test_the_size_is_exact(width: int, height: int, to_width: int, to_height: int, mode: str, channels: int) -> None:
    source = np.full((height, width, channels), 200, np.uint8)
    small = resize(source, to_width, to_height, mode)
    assert small.shape == (to_height, to_width, channels)
    assert small.dtype == np.uint8
    assert small.flags.c_contiguous
    assert set(np.unique(small)) <= ({200} if mode in ("squash", "crop") else {0, 200})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (1, 1), (3, 4000)])
def test_extreme_shapes_stay_small(mode: str, shape: tuple[int, int]) -> None:
    steps = plan(shape[1], shape[0], 224, 200, mode)
    assert max(steps.scaled) <= 2 * 224
    assert resize(np.zeros((*shape, 3), np.uint8), 224, 200, mode).shape == (200, 224, 3)


def test_pad_keeps_the_whole_picture_and_is_black_around_it() -> None:
    small = resize(np.full((10, 40, 3), 255, np.uint8), 20, 20, "pad")
    assert (small[:7] == 0).all()
    assert (small[13:] == 0).all()
    assert (small[8:12] == 255).all()


def test_crop_takes_the_middle() -> None:
    source = np.zeros((10, 30, 1), np.uint8)
    source[:, 10:20] = 255
    assert (resize(source, 10, 10, "crop") == 255).all()
    assert (resize(source, 5, 5, "crop")[1:-1, 1:-1] == 255).all()


def test_half_crop_is_between_crop_and_pad() -> None:
    small = resize(np.full((100, 300, 1), 255, np.uint8), 100, 100, "half-crop")  # ratios 3 and 1: scaled by 2
    assert (small[:25] == 0).all()
    assert (small[75:] == 0).all()
    assert (small[26:74] == 255).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(20, 30), (200, 100), (64, 48)])
def test_squash_is_pillows_antialiased_bilinear(size: tuple[int, int], channels: int) -> None:
    source = picture(3, 97, 61, channels)
    image = Image.fromarray(source[..., 0] if channels == 1 else source)
    expected = np.asarray(image.resize(size, Image.Resampling.BILINEAR)).reshape(size[1], size[0], channels)
    assert np.abs(resize(source, *size, "squash").astype(int) - expected).max() <= 1


@pytest.mark.parametrize("mode", MODES)
def test_the_same_bits_on_any_number_of_threads_and_for_any_memory_layout(mode: str) -> None:
    source = picture(4, 301, 203)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = resize(source, 64, 48, mode)
        torch.set_num_threads(4)
        np.testing.assert_array_equal(resize(source, 64, 48, mode), one)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(resize(np.asfortranarray(source), 64, 48, mode), one)
    frozen = source.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(resize(frozen, 64, 48, mode), one)


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    source = picture(1)
    for mode in MODES:
        np.testing.assert_array_equal(resize(source, 40, 30, mode), source)


def test_unknown_mode() -> None:
    with pytest.raises(ValueError, match="squash, crop, pad, half-crop"):
        resize(picture(1), 4, 4, "stretch")
