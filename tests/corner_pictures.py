"""Small pictures for tests of the Studio; loads nothing of Glasshouse."""

from pathlib import Path

import numpy as np
from PIL import Image


def draw_pictures(folder: Path, each: int = 30) -> Path:
    """Write class folders of small pictures that differ by their brightest corner, one damaged file among them."""
    random = np.random.default_rng(7)
    for number, name in enumerate(("left", "right <b>", "both")):
        (folder / name).mkdir(parents=True)
        for k in range(each):
            pixels = random.integers(0, 150, (32, 32, 3), np.uint8)
            lift = random.integers(5, 90)
            if number in (0, 2):
                pixels[4:14, 4:14] += np.uint8(lift)
            if number in (1, 2):
                pixels[4:14, 18:28] += np.uint8(lift)
            Image.fromarray(pixels).save(folder / name / f"{name[:4]}-{k:03d}.png")
    (folder / "left" / "broken.png").write_bytes(b"no picture")
    return folder
