"""Patches of pictures drawn nine a filter, as SVG or PNG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.explanation.maps import data_address

__all__ = ["Nine", "nines_png", "nines_svg", "patch_image"]

SIDE = 40  # pixels of a patch as it is drawn
GAP = 14  # between two filters
LINE = 8  # filters in a row
TEXT = 16  # for the number above


@dataclass(frozen=True, eq=False)
class Nine:
    """A filter's patches, uint8 (h, w, C), the strongest first."""

    filter: int
    patches: tuple[NDArray[np.uint8], ...]


def nines_svg(nines: Sequence[Nine], title: str) -> str:
    """Return an SVG of the patches; the numbers take the colour of the text around it."""
    width, height = _size(len(nines))
    parts = []
    for number, nine in enumerate(nines):
        x, y = _corner(number)
        parts.append(f'<text x="{x}" y="{y + 12}" font-size="12" fill="currentColor">{nine.filter}</text>')
        for place, patch in enumerate(nine.patches):
            left, top = x + place % 3 * SIDE, y + TEXT + place // 3 * SIDE
            parts.append(
                f'<image x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" preserveAspectRatio="xMidYMid meet" '
                f'href="{data_address(patch, SIDE * 2)}"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'font-family="system-ui, sans-serif" role="img"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def nines_png(nines: Sequence[Nine]) -> bytes:
    """Return a PNG of the patches on white, in the order of the filters."""
    sheet = Image.new("RGB", _size(len(nines)), "white")
    for number, nine in enumerate(nines):
        x, y = _corner(number)
        for place, patch in enumerate(nine.patches):
            image = patch_image(patch).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            sheet.paste(image, (x + place % 3 * SIDE, y + TEXT + place // 3 * SIDE))
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def patch_image(patch: NDArray[np.uint8]) -> Image.Image:
    """Return pixels uint8 (h, w, C) as an image."""
    return Image.fromarray(patch[..., 0] if patch.shape[2] == 1 else patch)


def _size(count: int) -> tuple[int, int]:
    columns, rows = min(count, LINE), -(-count // LINE)
    return columns * (3 * SIDE + GAP), rows * (3 * SIDE + TEXT + GAP)


def _corner(number: int) -> tuple[int, int]:
    return number % LINE * (3 * SIDE + GAP), number // LINE * (3 * SIDE + TEXT + GAP)
