"""A map of pictures as a figure: SVG, PNG, or a page of its own that needs nothing from outside."""

import colorsys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["DrawnMap", "class_colors", "map_html", "map_svg", "write_png"]

SIDE, EDGE, LINE = 640, 16, 20  # pixels of the map, around it, and of a line of the legend
LISTED = 24  # classes in the legend
PALETTE = ("#2f55d4", "#c2570c", "#17693a", "#8b2fb8", "#b3261e", "#0b7a8a", "#8a6d00", "#c2185b", "#4a5568", "#5b8c00")
MANY = 20_000  # points from which an SVG draws them smaller


class DrawnMap(Protocol):
    """What is drawn of a map of N pictures: see ``PictureMap``."""

    @property
    def method(self) -> str:
        """``pca`` or ``tsne``."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the dataset."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each picture, int64 (N,)."""

    @property
    def positions(self) -> NDArray[np.float32]:
        """Where it is, float32 (N, 2)."""

    def __len__(self) -> int: ...

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the answer to each picture was right, bool (N,)."""

    def points(self) -> list[dict[str, Any]]:
        """Return what is known of each point."""


def class_colors(count: int) -> list[str]:
    """Return a colour for each class: ten that can be told apart on white, then turns of the hue."""
    turns = range(max(0, count - len(PALETTE)))
    further = [colorsys.hls_to_rgb(0.618034 * turn % 1.0, 0.4 + 0.1 * (turn % 2), 0.7) for turn in turns]
    return [*PALETTE[:count], *("#" + "".join(f"{round(255 * part):02x}" for part in one) for one in further)]


def map_svg(made: DrawnMap) -> str:
    """Return the map as SVG: a dot a picture in its class's colour, a ring where the answer was wrong."""
    places, radius = _places(made.positions), 1.2 if len(made) > MANY else 2.6
    colors, right = class_colors(len(made.classes)), made.right
    height = SIDE + 2 * EDGE + LINE * (len(_legend(made)) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE + 2 * EDGE} {height}" width="{SIDE + 2 * EDGE}" '
        f'height="{height}" font-family="sans-serif" font-size="12" role="img" aria-label="{escape(_title(made))}">',
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{EDGE}" y="{EDGE}">{escape(_title(made))}</text>',
    ]
    for number in range(len(made.classes)):
        chosen = made.labels == number
        for shown, look in ((chosen & right, f'fill="{colors[number]}"'),
                            (chosen & ~right, f'fill="none" stroke="{colors[number]}"')):  # fmt: skip
            dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in places[shown])
            parts.append(f"<g {look}>{dots}</g>" if dots else "")
    for line, (color, text) in enumerate(_legend(made)):
        y = SIDE + 2 * EDGE + LINE * (line + 1)
        parts.append(f'<circle cx="{EDGE + 4}" cy="{y - 4}" r="4" fill="{color}"/><text x="{EDGE + 16}" y="{y}">'
                     f"{escape(text)}</text>")  # fmt: skip
    return "".join([*parts, "</svg>"])


def map_html(made: DrawnMap) -> str:
    """Return the map as a page of its own; each point's name shows when the pointer rests on it, up to 20,000."""
    drawing = map_svg(made)
    if len(made) <= MANY:
        drawing = _named(made)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(_title(made))}</title>'
        f'<body style="font-family:sans-serif;margin:24px">{drawing}</body></html>\n'
    )


def write_png(path: Path, made: DrawnMap) -> None:
    """Write the map as PNG, drawn at twice the size and made smaller, which smooths the dots."""
    scale = 2
    height = SIDE + 2 * EDGE + LINE * (len(_legend(made)) + 1)
    image = Image.new("RGB", (scale * (SIDE + 2 * EDGE), scale * height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12 * scale)
    draw.text((scale * EDGE, 4 * scale), _title(made), "#16191f", font)
    radius, colors = scale * (1.2 if len(made) > MANY else 2.6), class_colors(len(made.classes))
    for (x, y), label, right in zip(scale * _places(made.positions), made.labels.tolist(), made.right.tolist()):
        look = {"fill": colors[label]} if right else {"outline": colors[label], "width": scale}
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), **look)
    for line, (color, text) in enumerate(_legend(made)):
        y = scale * (SIDE + 2 * EDGE + LINE * (line + 1) - 4)
        draw.ellipse((scale * EDGE, y - 4 * scale, scale * (EDGE + 8), y + 4 * scale), fill=color)
        draw.text((scale * (EDGE + 16), y - 8 * scale), text, "#16191f", font)
    image.resize((image.width // scale, image.height // scale), Image.Resampling.LANCZOS).save(path, "PNG")


def _named(made: DrawnMap) -> str:
    """Return the drawing with a title at each point: its path, label and answer."""
    texts = iter(
        f"{one['path']}: {one['label']}" + ("" if right else f", predicted {one['predicted']}")
        for one, right in _in_drawn_order(made)
    )
    pieces = map_svg(made).split('r="2.6"/>')
    return pieces[0] + "".join(f'r="2.6"><title>{escape(next(texts))}</title></circle>{rest}' for rest in pieces[1:])


def _in_drawn_order(made: DrawnMap) -> list[tuple[dict[str, Any], bool]]:
    points, right = made.points(), made.right
    order: list[int] = []
    for number in range(len(made.classes)):
        chosen = made.labels == number
        order += [*np.flatnonzero(chosen & right).tolist(), *np.flatnonzero(chosen & ~right).tolist()]
    return [(points[index], bool(right[index])) for index in order]


def _places(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the positions in pixels (N, 2), one scale for both axes, y downwards."""
    low, high = positions.min(0).astype(np.float64), positions.max(0).astype(np.float64)
    scale = SIDE / max(float((high - low).max()), 1e-12)
    found = (positions - (low + high) / 2) * scale
    found[:, 1] *= -1
    placed: NDArray[np.float64] = found + SIDE / 2 + EDGE + np.array([0, EDGE / 2])
    return placed


def _legend(made: DrawnMap) -> Sequence[tuple[str, str]]:
    counts, colors = np.bincount(made.labels, minlength=len(made.classes)), class_colors(len(made.classes))
    lines = [(color, f"{name} ({count:,})") for color, name, count in zip(colors, made.classes, counts.tolist())]
    rest = len(lines) - LISTED
    return [*lines[:LISTED], *([("#8b93a1", f"and {rest} more classes")] if rest > 0 else [])]


def _title(made: DrawnMap) -> str:
    wrong = int((~made.right).sum())
    by = "PCA" if made.method == "pca" else "t-SNE"
    return f"{len(made):,} pictures by {by}; rings are the {wrong:,} wrong answers"
