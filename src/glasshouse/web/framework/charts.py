"""Charts as SVG paths and numbers, drawn on the server: readable, printable, testable without a browser.

Nothing here knows colours or words: templates give the figures classes (``train``, ``valid``, ``accuracy``, ``rate``)
that the style sheet's tokens colour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Chart", "Column", "Series", "Tick", "chart", "columns", "numbers", "sparkline", "thin", "ticks"]

Point = tuple[float, float]
WIDTH, HEIGHT = 640.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 10.0, 26.0


@dataclass(frozen=True)
class Series:
    """One line of a chart: its style's name, the word for it, and its points (x, y) with x rising."""

    style: str
    name: str
    points: Sequence[Point]
    dots: bool = False


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is on the drawing, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """A series as it is drawn: an SVG path, and its dots as (x, y) on the drawing."""

    style: str
    name: str
    path: str
    dots: tuple[Point, ...]
    last: float


@dataclass(frozen=True)
class Chart:
    """A chart as it is drawn, in a drawing of ``WIDTH`` by ``HEIGHT``."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM

    @property
    def right(self) -> float:
        """Where the axes end."""
        return self.width - RIGHT


def thin(points: Sequence[Point], most: int = 300) -> list[Point]:
    """Return at most about ``most`` points that keep every peak: the least and the greatest of each stretch."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(2 * len(points) / most)
    kept: list[Point] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        low, high = min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])
        kept += sorted({low, high})
    return kept


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers within [low, high], in steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (power * factor) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def chart(
    series: Sequence[Series], x_range: Point | None = None, y_range: Point | None = None, width: float = WIDTH
) -> Chart | None:
    """Return the drawing of finite points; None if there are none. The y axis starts at 0 unless told otherwise."""
    clean = [Series(s.style, s.name, [p for p in s.points if math.isfinite(p[1])], s.dots) for s in series]
    points = [p for s in clean for p in s.points]
    if not points:
        return None
    x_low, x_high = _wide(x_range or (min(p[0] for p in points), max(p[0] for p in points)))
    y_low, y_high = _wide(y_range or (0.0, _ceiling(clean)))

    def place(point: Point) -> Point:
        x = LEFT + (point[0] - x_low) / (x_high - x_low) * (width - LEFT - RIGHT)
        y = TOP + (y_high - point[1]) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(min(max(y, TOP), HEIGHT - BOTTOM), 1)

    lines = tuple(_line(s, [place(p) for p in thin(s.points)]) for s in clean if s.points)
    across = [x for x in ticks(x_low, x_high, 8) if x == int(x) or x_high - x_low < 2]
    up = ticks(y_low, y_high)
    return Chart(
        lines,
        tuple(Tick(place((x, 0))[0], text) for x, text in zip(across, numbers(across), strict=True)),
        tuple(Tick(place((0, y))[1], text) for y, text in zip(up, numbers(up), strict=True)),
        width,
    )


def sparkline(values: Sequence[float], width: float = 120, height: float = 28) -> str:
    """Return an SVG path of values from the first to the last, scaled to fill the drawing; empty below two values."""
    finite = [(float(k), v) for k, v in enumerate(values) if math.isfinite(v)]
    if len(finite) < 2:
        return ""
    kept = thin(finite, 60)
    low, high = _wide((min(v for _, v in kept), max(v for _, v in kept)))
    last = finite[-1][0]
    return _path(
        [(round(x / last * width, 1), round(2 + (high - y) / (high - low) * (height - 4), 1)) for x, y in kept]
    )


@dataclass(frozen=True)
class Column:
    """One column of a stacked histogram, 100 high: two counts, and where each part is drawn from the top."""

    name: str
    lower: int
    upper: int
    lower_top: float
    upper_top: float


def columns(counts: Sequence[tuple[str, int, int]]) -> list[Column]:
    """Return the columns of (name, lower part, upper part); the highest fills the drawing."""
    most = max((lower + upper for _, lower, upper in counts), default=0) or 1
    return [
        Column(name, lower, upper, round(100 - 100 * lower / most, 2), round(100 - 100 * (lower + upper) / most, 2))
        for name, lower, upper in counts
    ]


def numbers(values: Sequence[float]) -> list[str]:
    """Return the numbers of one axis in few signs, all written in one way: decimals, or powers of ten."""
    sizes = [abs(value) for value in values if value]
    if sizes and (min(sizes) < 1e-5 or max(sizes) >= 1e6):
        return ["0" if value == 0 else _power(value) for value in values]
    return [f"{value:.9f}".rstrip("0").rstrip(".") for value in values]


def _power(value: float) -> str:
    digits, power = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def _ceiling(series: Sequence[Series]) -> float:
    """Return the top of the y axis: a first few points that start far above the rest do not flatten it."""
    tops = []
    for one in series:
        ordered = sorted(y for _, y in one.points)
        if not ordered:  # such as the curve of the epochs, before the first one is done
            continue
        tops.append(ordered[-1] if len(ordered) < 50 else ordered[int(0.98 * len(ordered))] * 1.15)
    return max(tops) or 1.0


def _wide(pair: Point) -> Point:
    low, high = pair
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _line(series: Series, placed: list[Point]) -> Line:
    dots = tuple(placed) if series.dots and len(placed) <= 80 else ()
    return Line(series.style, series.name, _path(placed), dots, series.points[-1][1])


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
