"""Test pictures: small, deterministic, and different from each other unless a test wants twins.

``from pictures import write_class_folders``: pytest puts this folder on the path (see ``tests/conftest.py``).
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["jpeg_bytes", "picture", "png_bytes", "save", "truncated_jpeg", "write_class_folders", "write_splits"]


def picture(seed: int, width: int = 40, height: int = 30, channels: int = 3, tint: int | None = None) -> np.ndarray:
    """Return a smooth random picture uint8 (H, W, C); ``tint`` names a class colour, so that classes can be learnt.

    Two seeds give pictures that no twin search takes for one another: each is a coarse random field, enlarged.
    """
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    field = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.float32)
    if tint is not None:
        colours = np.array([[220, 40, 40], [40, 200, 60], [50, 60, 220], [220, 200, 40], [200, 50, 200]], np.float32)
        field = 0.45 * field + 0.55 * colours[tint % len(colours)]
    rgb = np.clip(field, 0, 255).astype(np.uint8)
    return rgb if channels == 3 else np.asarray(Image.fromarray(rgb).convert("L"))[..., None].copy()


def jpeg_bytes(pixels: np.ndarray, quality: int = 90) -> bytes:
    """Return ``pixels`` (H, W, 1 or 3) as JPEG."""
    return _bytes(pixels, "JPEG", quality=quality)


def png_bytes(pixels: np.ndarray) -> bytes:
    """Return ``pixels`` (H, W, 1 or 3) as PNG."""
    return _bytes(pixels, "PNG")


def truncated_jpeg(seed: int = 0, part: float = 0.5) -> bytes:
    """Return the first part of a JPEG's bytes."""
    whole = jpeg_bytes(picture(seed, 120, 90))
    return whole[: int(len(whole) * part)]


def save(path: Path, pixels: np.ndarray) -> Path:
    """Write ``pixels`` to ``path`` in the format of its ending (JPEG or PNG) and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(pixels) if path.suffix.lower() == ".png" else jpeg_bytes(pixels))
    return path


def write_class_folders(
    folder: Path,
    classes: Sequence[str] | Mapping[str, int] = ("cat", "dog"),
    each: int = 4,
    size: tuple[int, int] = (40, 30),
    suffix: str = ".jpg",
    seed: int = 0,
) -> Path:
    """Write ``folder/CLASS/CLASS.NUMBER.jpg`` with pictures that carry their class's colour; return ``folder``.

    ``classes`` may be a mapping, class to count; ``size`` is (width, height).
    """
    counts = dict(classes) if isinstance(classes, Mapping) else dict.fromkeys(classes, each)
    for tint, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = picture(seed + 10_000 * tint + number, *size, tint=tint)
            save(folder / name / f"{name}.{number}{suffix}", pixels)
    return folder


def write_splits(folder: Path, counts: Mapping[str, int], classes: Sequence[str] = ("cat", "dog")) -> Path:
    """Write ``folder/SPLIT/CLASS/...`` with ``counts`` pictures a class in each split; return ``folder``."""
    for index, (split, each) in enumerate(counts.items()):
        write_class_folders(folder / split, classes, each, seed=1_000_000 * (index + 1))
    return folder


def _bytes(pixels: np.ndarray, format_name: str, **options: int) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, format_name, **options)
    return buffer.getvalue()
