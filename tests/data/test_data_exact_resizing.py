"""Resizing in NumPy gives the bits of torch, and a few pictures are prepared without torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from glasshouse.data.decoding.exact_resizing import scaled

SIZES = [((375, 500), (224, 224)), ((7, 5), (64, 48)), ((640, 3), (1, 300)), ((256, 256), (255, 257)), ((1, 1), (9, 4)),
         ((511, 300), (32, 300)), ((48, 700), (48, 16))]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SIZES, ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_bits_are_those_of_torch(old: tuple[int, int], new: tuple[int, int], channels: int) -> None:
    draw = np.random.default_rng(sum(old))
    noise = draw.integers(0, 256, (*old, channels), dtype=np.uint8)
    for picture in (noise, (noise > 128) * np.uint8(255)):
        tensor = torch.from_numpy(picture)[None].permute(0, 3, 1, 2)
        expected = torch.nn.functional.interpolate(tensor, new, mode="bilinear", antialias=True)
        assert np.array_equal(scaled(picture, *new), expected[0].permute(1, 2, 0).numpy())


@pytest.mark.system
def test_a_small_dataset_is_made_without_torch(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for n in range(4):
            Image.fromarray(draw.integers(0, 256, (20, 30, 3), np.uint8)).save(
                tmp_path / "pictures" / name / f"{n}.png"
            )
    program = (
        "import sys; from glasshouse.data.prepare import create_dataset; from glasshouse.recipe import DatasetRecipe\n"
        "create_dataset(DatasetRecipe(source=sys.argv[1], width=16, height=16), sys.argv[2])\n"
        "assert 'torch' not in sys.modules"
    )
    asked = [sys.executable, "-c", program, str(tmp_path / "pictures"), str(tmp_path / "made")]
    assert subprocess.run(asked, capture_output=True, text=True, check=False).returncode == 0
