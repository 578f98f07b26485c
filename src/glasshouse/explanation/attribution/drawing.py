"""An explanation as a file: the picture beside the picture with its map, and below both the result of the check."""

from collections.abc import Sequence
from html import escape
from io import BytesIO
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from glasshouse.explanation.attribution.heat import address, blended, heat

__all__ = ["page", "png", "svg"]

SIDE, GAP, LINE = 320, 12, 18  # pixels
LETTERS = 96  # in a line below the pictures

Values = NDArray[np.floating[Any]]


def svg(picture: NDArray[np.uint8], values: Values | None, title: str, lines: Sequence[str]) -> str:
    """Return the drawing as SVG; without ``values`` the picture alone, with what is said about it."""
    shown = _wrapped(lines)
    wide, high = 2 * SIDE + 3 * GAP, SIDE + 3 * GAP + LINE * (len(shown) + 1)
    places = [(GAP, address(picture))] + ([] if values is None else [(2 * GAP + SIDE, address(picture))])
    images = "".join(_image(x, href) for x, href in places)
    images += "" if values is None else _image(2 * GAP + SIDE, address(heat(values)), ' opacity="0.75"')
    texts = [f'<text x="{GAP}" y="{SIDE + 2 * GAP + LINE}" font-weight="600">{escape(title)}</text>']
    texts += [f'<text x="{GAP}" y="{SIDE + 2 * GAP + LINE * (2 + i)}" xml:space="preserve">{escape(line)}</text>'
              for i, line in enumerate(shown)]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" role="img" '
        f'style="max-width: 100%; height: auto" font-family="sans-serif" font-size="12" fill="currentColor">'
        f"<title>{escape(title)}</title>{images}{''.join(texts)}</svg>"
    )


def _image(x: int, href: str, more: str = "") -> str:
    return (
        f'<image x="{x}" y="{GAP}" width="{SIDE}" height="{SIDE}" preserveAspectRatio="xMidYMid meet" '
        f'href="{href}"{more}/>'
    )


def page(title: str, drawing: str) -> str:
    """Return a page with the drawing that needs nothing else."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title></head><body>{drawing}</body></html>\n"
    )


def png(picture: NDArray[np.uint8], values: Values, lines: Sequence[str], about: str) -> bytes:
    """Return the drawing as PNG; ``about``, text of any letters, goes into its metadata.

    The lines are drawn in the letters that Pillow's own font has; what it lacks is in the metadata.
    """
    shown = [line.encode("ascii", "replace").decode() for line in _wrapped(lines)]
    size = (2 * SIDE + 3 * GAP, SIDE + 3 * GAP + LINE * len(shown))
    whole = Image.new("RGB", size, "white")
    plain = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).convert("RGB")
    for x, image in ((GAP, plain), (2 * GAP + SIDE, blended(picture, values))):
        scale = SIDE / max(image.size)
        wide, high = (max(1, round(side * scale)) for side in image.size)
        smooth = Image.Resampling.BILINEAR if scale < 4 else Image.Resampling.NEAREST
        whole.paste(image.resize((wide, high), smooth), (x + (SIDE - wide) // 2, GAP + (SIDE - high) // 2))
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(12)
    for i, line in enumerate(shown):
        draw.text((GAP, SIDE + 2 * GAP + LINE * i), line, fill="black", font=font)
    out, info = BytesIO(), PngInfo()
    info.add_itxt("glasshouse", about)
    whole.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _wrapped(lines: Sequence[str]) -> list[str]:
    return [part for line in lines for part in (wrap(line, LETTERS, subsequent_indent="  ") or [""])]
