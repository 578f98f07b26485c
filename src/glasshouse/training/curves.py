"""Curves as small inline SVG, for notebooks: no script, no style sheet, no other file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Line", "chart"]

WIDTH, HEIGHT, MARGIN = 360, 200, 40
FACES = "system-ui, Apple SD Gothic Neo, Malgun Gothic, Noto Sans KR, Noto Sans CJK KR, sans-serif"


@dataclass(frozen=True)
class Line:
    """One curve: its name, its colour, and points (x, y); points that are not finite are left out."""

    name: str
    color: str
    points: Sequence[tuple[float, float]]


def chart(lines: Sequence[Line], title: str, log_x: bool = False, mark: float | None = None) -> str:
    """Return an SVG with the lines, the ends of both axes, and a vertical line at ``mark``."""
    drawn = [Line(ln.name, ln.color, [p for p in ln.points if math.isfinite(p[1])]) for ln in lines]
    drawn = [line for line in drawn if line.points]
    if not drawn:
        return ""
    xs = [_scaled(x, log_x) for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points]
    box = (min(xs), max(xs), min(ys), max(ys))
    parts = [_path(line, box, log_x) for line in drawn]
    if mark is not None:
        x, _ = _place(_scaled(mark, log_x), box[2], box)
        parts.append(f'<path d="M{x:.1f} 24V{HEIGHT - 24}" stroke="#888" stroke-dasharray="3 3"/>')
    legend = " ".join(f'<tspan fill="{line.color}">{line.name}</tspan>' for line in drawn)
    left, right = (f"{10**x:.2g}" if log_x else f"{x:g}" for x in box[:2])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-size="11" fill="none" '
        f'font-family="{FACES}" role="img" aria-label="{title}">'
        f'<text x="{MARGIN}" y="14" fill="currentColor">{title}  {legend}</text>{"".join(parts)}'
        f"{_label(2, 32, f'{box[3]:.3g}')}{_label(2, HEIGHT - 24, f'{box[2]:.3g}')}"
        f"{_label(MARGIN, HEIGHT - 6, left)}{_label(WIDTH - MARGIN, HEIGHT - 6, right)}</svg>"
    )


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
