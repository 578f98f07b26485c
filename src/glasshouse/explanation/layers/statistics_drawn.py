"""The statistics of layers as a drawing and as a table for a notebook."""

from collections.abc import Sequence
from html import escape
from io import BytesIO

from PIL import Image, ImageDraw

from glasshouse.explanation.layers.histograms import histogram_path
from glasshouse.explanation.layers.statistics import LayerStatistics

__all__ = ["statistics_html", "statistics_png", "statistics_svg"]

WIDTH, ROW, BARS, NAMES = 620, 34, 220, 250
COLUMNS = ("layer", "kind", "shape", "parameters", "mean", "std", "minimum", "maximum", "zeros", "dead", "histogram")


def statistics_svg(layers: Sequence[LayerStatistics], title: str) -> str:
    """Return an SVG: a row a layer, its name, its histogram and its numbers, in the colour of the text around it."""
    rows = "".join(_row(one, number * ROW) for number, one in enumerate(layers))
    height = len(layers) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" fill="currentColor" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img"><title>{escape(title)}</title>{rows}</svg>'
    )


def statistics_png(layers: Sequence[LayerStatistics]) -> bytes:
    """Return the same drawing as PNG, black on white."""
    sheet = Image.new("RGB", (WIDTH, len(layers) * ROW), "white")
    pen = ImageDraw.Draw(sheet)
    for number, one in enumerate(layers):
        top, counts = number * ROW, [float(count) ** 0.5 for count in one.histogram["counts"]]
        pen.text((4, top + 10), _name(one), fill="black")
        pen.text((NAMES + BARS + 8, top + 10), _numbers(one), fill="black")
        step, most = BARS / len(counts), max([*counts, 1e-12])
        for place, count in enumerate(counts):
            x, y = NAMES + place * step, top + ROW - 4 - (ROW - 8) * count / most
            pen.rectangle((x, y, x + step, top + ROW - 4), fill="#58708f")
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def statistics_html(layers: Sequence[LayerStatistics]) -> str:
    """Return a table of all layers with a small histogram each."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    return f"<table><tr>{head}</tr>{''.join(map(_html_row, layers))}</table>"


def _html_row(one: LayerStatistics) -> str:
    path = histogram_path(one.histogram, 120, 24)
    numbers = [f"{value:.3g}" for value in (one.mean, one.std, one.minimum, one.maximum)]
    shares = [f"{100 * one.zeros:.1f} %", f"{100 * one.dead:.1f} %"]
    drawing = f'<svg viewBox="0 0 120 24" width="120" fill="currentColor"><path d="{path}"/></svg>'
    names = [escape(one.name), escape(one.kind), " x ".join(map(str, one.shape)), f"{one.parameters:,}"]
    cells = [*names, *numbers, *shares, drawing]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _row(one: LayerStatistics, top: int) -> str:
    path = histogram_path(one.histogram, BARS, ROW - 8, NAMES, top + 4)
    return (
        f'<text x="4" y="{top + 20}">{escape(_name(one))}</text><path d="{path}" opacity="0.7"/>'
        f'<text x="{NAMES + BARS + 8}" y="{top + 20}">{escape(_numbers(one))}</text>'
    )


def _name(one: LayerStatistics) -> str:
    return f"{one.name} ({one.kind})"[:42]


def _numbers(one: LayerStatistics) -> str:
    return f"{one.minimum:.3g} to {one.maximum:.3g}, {100 * one.zeros:.0f} % 0"
