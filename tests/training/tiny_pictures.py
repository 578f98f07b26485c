"""A tiny dataset for the tests of training: three colours of noise, 16x16."""

from pathlib import Path

import numpy as np
from PIL import Image

from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe


def make_tiny(out: Path, count: int = 90, channels: int = 3, size: int = 16, valid: float = 0.3) -> Path:
    draw = np.random.default_rng(7)
    labels = np.arange(count) % 3
    pictures = draw.integers(0, 90, (count, size, size, channels))
    pictures[np.arange(count), :, :, labels % channels] += 60
    if channels == 1:
        pictures[labels == 1, : size // 2] += 60
        pictures[labels == 2, :, : size // 2] += 60
    source = out.with_name(out.name + "-pictures")
    for number, (picture, label) in enumerate(zip(pictures.astype(np.uint8), labels)):
        folder = source / ("red", "green", "blue")[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.squeeze()).save(folder / f"{number:04d}.png")
    color = "rgb" if channels == 3 else "gray"
    recipe = DatasetRecipe(source=str(source), width=size, height=size, color=color, valid=valid, twins=False)
    create_dataset(recipe, out)
    return out
