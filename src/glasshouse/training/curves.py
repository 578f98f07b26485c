"""Curves as small inline SVG, for notebooks, or as files: no script, no style sheet, nothing to install."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from glasshouse.errors import InputError

__all__ = ["Chart", "Charts", "Line", "chart"]

WIDTH, HEIGHT, MARGIN = 360, 200, 40
FINE = 2  # pixels of a PNG for each of the drawing
FACES = "system-ui, Apple SD Gothic Neo, Malgun Gothic, Noto Sans KR, Noto Sans CJK KR, sans-serif"


@dataclass(frozen=True)
class Line:
    """One curve: its name, its colour, and points (x, y); points that are not finite are left out."""

    name: str
    color: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Lines with a title, the ends of both axes, and a vertical line at ``mark``; ``log_x``: rates, by decades."""

    lines: Sequence[Line]
    title: str
    log_x: bool = False
    mark: float | None = None

    @property
    def drawn(self) -> list[Line]:
        """The lines that have points, with those that are finite."""
        found = [Line(ln.name, ln.color, [p for p in ln.points if math.isfinite(p[1])]) for ln in self.lines]
        return [line for line in found if line.points]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The least and the largest x (scaled) and y."""
        xs = [_scaled(x, self.log_x) for line in self.drawn for x, _ in line.points]
        ys = [y for line in self.drawn for _, y in line.points]
        return min(xs), max(xs), min(ys), max(ys)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point is on a drawing of ``WIDTH`` by ``HEIGHT``."""
        return _place(_scaled(x, self.log_x), y, self.box)

    def labels(self) -> list[tuple[float, float, str]]:
        """Return the ends of the axes: x, y of the text's foot, and the text."""
        left, right = (f"{10**x:.2g}" if self.log_x else f"{x:g}" for x in self.box[:2])
        return [(2, 32, f"{self.box[3]:.3g}"), (2, HEIGHT - 24, f"{self.box[2]:.3g}"), (MARGIN, HEIGHT - 6, left),
                (WIDTH - MARGIN, HEIGHT - 6, right)]  # fmt: skip

    def svg(self, x: int = 0) -> str:
        """Return the drawing, empty if there is nothing to draw; within another drawing it begins at ``x``."""
        drawn = self.drawn
        if not drawn:
            return ""
        parts = [_path(line, self.box, self.log_x) for line in drawn]
        if self.mark is not None:
            at, _ = self.place(self.mark, self.box[2])
            parts.append(f'<path d="M{at:.1f} 24V{HEIGHT - 24}" stroke="#888" stroke-dasharray="3 3"/>')
        legend = " ".join(f'<tspan fill="{line.color}">{line.name}</tspan>' for line in drawn)
        title = f'<text x="{MARGIN}" y="14" fill="currentColor">{self.title}  {legend}</text>'
        place = f'x="{x}" ' if x else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {place}width="{WIDTH}" height="{HEIGHT}" font-size="11" '
            f'fill="none" font-family="{FACES}" role="img" aria-label="{self.title}">'
            f"{title}{''.join(parts)}{''.join(_label(*one) for one in self.labels())}</svg>"
        )


@dataclass(frozen=True)
class Charts:
    """Charts side by side: the last line of a notebook's cell shows them, ``save`` writes them to a file."""

    charts: Sequence[Chart]

    def _repr_html_(self) -> str:
        return f"<div>{''.join(chart.svg() for chart in self.charts)}</div>"

    def save(self, path: str | Path) -> Path:
        """Write them as SVG or PNG, as the ending of ``path`` says; nothing else need be installed.

        Raises:
            InputError: there is nothing to draw, or the ending is another one.
        """
        charts = [chart for chart in self.charts if chart.drawn]
        if not charts:
            raise InputError("there is nothing to draw yet; train first")
        place = Path(path)
        if place.suffix.lower() == ".svg":
            inside = "".join(chart.svg(WIDTH * number) for number, chart in enumerate(charts))
            place.write_text(
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(charts)}" height="{HEIGHT}">'
                f'<rect width="100%" height="100%" fill="white"/>{inside}</svg>',
                encoding="utf-8",
            )
        elif place.suffix.lower() == ".png":
            _painted(charts).save(place)
        else:
            raise InputError("drawings are written as .svg or .png, got {name}", name=place.name)
        return place


def chart(lines: Sequence[Line], title: str, log_x: bool = False, mark: float | None = None) -> str:
    """Return an SVG with the lines, the ends of both axes, and a vertical line at ``mark``."""
    return Chart(lines, title, log_x, mark).svg()


def _painted(charts: Sequence[Chart]) -> Image.Image:
    """Return the charts as pixels, twice as many as the SVG is wide."""
    image = Image.new("RGB", (FINE * WIDTH * len(charts), FINE * HEIGHT), "white")
    brush, font = ImageDraw.Draw(image), ImageFont.load_default(FINE * 11)
    for number, one in enumerate(charts):
        left = WIDTH * number
        at = float(FINE * (left + MARGIN))
        for text, color in ((one.title, "black"), *((line.name, line.color) for line in one.drawn)):
            brush.text((at, FINE * 14), text, color, font, anchor="ls")
            at += brush.textlength(f"{text}  ", font)
        for x, y, text in one.labels():
            brush.text((FINE * (left + x), FINE * y), text, "black", font, anchor="ls")
        for line in one.drawn:
            points = [(FINE * (left + x), FINE * y) for x, y in (one.place(*point) for point in line.points)]
            if len(points) == 1:
                brush.circle(points[0], FINE * 3, line.color)
            else:
                brush.line(points, line.color, FINE + 1, joint="curve")
        if one.mark is not None:
            at = FINE * (left + one.place(one.mark, one.box[2])[0])
            brush.line([(at, FINE * 24), (at, FINE * (HEIGHT - 24))], "#888888", FINE)
    return image


def _path(line: Line, box: tuple[float, float, float, float], log_x: bool) -> str:
    points = [_place(_scaled(x, log_x), y, box) for x, y in line.points]
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{line.color}"/>'
    return f'<polyline points="{places}" stroke="{line.color}" stroke-width="1.5"/>'


def _place(x: float, y: float, box: tuple[float, float, float, float]) -> tuple[float, float]:
    across = (x - box[0]) / ((box[1] - box[0]) or 1)
    up = (y - box[2]) / ((box[3] - box[2]) or 1)
    return MARGIN + across * (WIDTH - MARGIN - 10), HEIGHT - 24 - up * (HEIGHT - 52)


def _scaled(x: float, log_x: bool) -> float:
    return math.log10(x) if log_x else x


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}" fill="currentColor">{text}</text>'
