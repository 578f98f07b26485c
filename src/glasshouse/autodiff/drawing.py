"""The drawing of a graph: laid out in layers by graphlay, written as SVG that follows a light or dark page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any
from unicodedata import east_asian_width

import numpy as np

from .arrays import Array, module_of
from .faults import GraphError
from .nodes import Edge, FunctionNode, VariableNode

__all__ = ["Box", "draw", "to_dot", "to_svg"]

_LIGHT = (  # inside the Studio its tokens, elsewhere colours of our own
    "--g-ink:var(--ink,#1c2733);--g-soft:var(--quiet,#55636f);--g-line:var(--field,#8a99a8);"
    "--g-input:var(--hover,#e3f0fb);--g-input-line:var(--accent,#2a7ab8);"
    "--g-parameter:var(--good-ground,#e7f6ea);--g-parameter-line:var(--good,#2f8f4e);"
    "--g-constant:var(--background,#f0f1f3);--g-constant-line:var(--field,#9aa3ad);"
    "--g-between:var(--card,#ffffff);--g-between-line:var(--field,#a9b4bf);"
    "--g-result:var(--warm-ground,#fdeedd);--g-result-line:var(--warm,#c9731a);"
    "--g-function:var(--ink,#3d4d5c);--g-function-ink:var(--card,#ffffff)"
)
_DARK = (
    "--g-ink:var(--ink,#e6ebf0);--g-soft:var(--quiet,#9fadba);--g-line:var(--field,#75838f);"
    "--g-input:var(--hover,#17324a);--g-input-line:var(--accent,#5ba7e0);"
    "--g-parameter:var(--good-ground,#173a24);--g-parameter-line:var(--good,#5dbb7a);"
    "--g-constant:var(--background,#2a3037);--g-constant-line:var(--field,#68727c);"
    "--g-between:var(--card,#1d232a);--g-between-line:var(--field,#56626d);"
    "--g-result:var(--warm-ground,#46300f);--g-result-line:var(--warm,#e89a4a);"
    "--g-function:var(--ink,#c3ced8);--g-function-ink:var(--card,#12181e)"
)
_STYLE = (  # a page may choose by data-theme on its root; else the system does
    f".gh-graph{{{_LIGHT};font:12px system-ui,-apple-system,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic',"
    "'Noto Sans KR','Noto Sans CJK KR',sans-serif}"
    f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]) .gh-graph,svg.gh-graph:root{{{_DARK}}}}}"
    f"[data-theme=dark] .gh-graph{{{_DARK}}}"
    ".gh-graph text{fill:var(--g-ink);text-anchor:middle}.gh-graph .name{font-weight:600}"
    ".gh-graph .soft{fill:var(--g-soft);font-size:11px}.gh-graph .op{fill:var(--g-function-ink);font-weight:600}"
    ".gh-graph .edge{fill:none;stroke:var(--g-line);stroke-width:1.3}.gh-graph .tip{fill:var(--g-line)}"
    ".gh-graph rect{stroke-width:1.3}"
)


@dataclass(frozen=True)
class Box:
    """A box of a drawing: (style, text) of each line, styles name, soft or op; ``kind`` chooses its colours."""

    id: int
    lines: tuple[tuple[str, str], ...]
    kind: str
    hint: str = ""


def _numbers(x: Array) -> str:
    """A few numbers whole, many as their range."""
    host = np.asarray(module_of(x).host(x))
    if host.size == 0:
        return "empty"
    if host.size <= 4:
        return ", ".join(f"{n:.4g}" for n in host.reshape(-1).tolist())
    return f"{host.min():.3g} … {host.max():.3g}"


def _lines(v: VariableNode, verbose: bool) -> list[tuple[str, str]]:
    """What is in the box of a Variable: (css class, text)."""
    shape = str(v.shape) if v.shape else "number"
    lines = [("name", v.name)] if v.name else []
    if verbose or not v.name:
        lines.append(("soft" if v.name else "name", shape if v.shape or not verbose else _numbers(v.value)))
    if verbose and v.shape:
        lines.append(("soft", _numbers(v.value)))
    if verbose and v.gradient is not None:
        lines.append(("soft", f"grad {_numbers(v.gradient)}"))
    return lines


def _size(lines: Sequence[tuple[str, str]]) -> tuple[float, float]:
    widths = ((6.3 if css == "soft" else 7.6) * _letters(text) + 20 for css, text in lines)
    return max(44.0, *widths), 16.0 * len(lines) + 12


def _letters(text: str) -> float:
    """How many Latin letters are as wide as the text: Hangul and the like take nearly two."""
    return sum(1.8 if east_asian_width(letter) in "WF" else 1.0 for letter in text)


def to_svg(
    variables: Sequence[VariableNode], functions: Sequence[FunctionNode], edges: Sequence[Edge], verbose: bool
) -> str:
    """The SVG text of a graph, results at the bottom: a Variable as a light box, a Function as a dark pill."""
    boxes = [Box(v.id, tuple(_lines(v, verbose)), v.kind, f"{v.kind}: {v.dtype} {v.shape}") for v in variables]
    boxes += [Box(f.id, (("op", f.name),), "function", f.formula) for f in functions]
    return draw(boxes, edges, f"computation graph: {len(variables)} variables, {len(functions)} functions")


def draw(boxes: Sequence[Box], edges: Sequence[Edge], title: str) -> str:
    """Boxes and arrows as SVG text, laid out from top to bottom; ``title`` is what a screen reader says.

    Raises:
        GraphError: graphlay, which lays out, is not installed.
    """
    layout = _layout(boxes, edges)
    low, high = layout["bounds"]["min"], layout["bounds"]["max"]
    x, y, width, height = low["x"] - 12, low["y"] - 12, high["x"] - low["x"] + 24, high["y"] - low["y"] + 24
    parts = [_edge(edge["points"]) for edge in layout["edges"]]
    parts += [_box(box, **node["center"]) for box, node in zip(boxes, layout["nodes"])]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gh-graph" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="{x:.1f} {y:.1f} {width:.1f} {height:.1f}"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>" + "".join(parts) + "</svg>"
    )


def _layout(boxes: Sequence[Box], edges: Sequence[Edge]) -> dict[str, Any]:
    try:
        import graphlay  # only drawing needs it
    except ImportError as error:
        raise GraphError("drawing a graph needs graphlay; install it, or write .dot text instead") from error
    plan = graphlay.Graph()
    for box in boxes:
        width, height = _size(box.lines)
        plan.node(box.id, width=width, height=height)
    for edge in edges:
        plan.edge(edge.source, edge.target)
    options = {"direction": "topbottom", "routing": {"style": "diagonal"}}
    return dict(graphlay.layout(plan, options=options).raw)


def _edge(points: list[dict[str, float]]) -> str:
    """A rounded line through the points, with an arrow tip at its end."""
    (x0, y0), *rest = [(p["x"], p["y"]) for p in points]
    way = f"M{x0:.1f} {y0:.1f}"
    for (px, py), (qx, qy) in pairwise(rest):
        way += f"Q{px:.1f} {py:.1f} {(px + qx) / 2:.1f} {(py + qy) / 2:.1f}"
    (bx, by), (ex, ey) = ([(x0, y0), *rest])[-2:]
    length = max(1e-9, ((ex - bx) ** 2 + (ey - by) ** 2) ** 0.5)
    ux, uy = (ex - bx) / length, (ey - by) / length
    cx, cy = ex - 7 * ux, ey - 7 * uy
    tip = f"{ex:.1f},{ey:.1f} {cx - 3.2 * uy:.1f},{cy + 3.2 * ux:.1f} {cx + 3.2 * uy:.1f},{cy - 3.2 * ux:.1f}"
    return f'<path class="edge" d="{way}L{cx:.1f} {cy:.1f}"/><polygon class="tip" points="{tip}"/>'


def _box(box: Box, x: float, y: float) -> str:
    width, height = _size(box.lines)
    pill = box.kind == "function"
    paint = f"fill:var(--g-{box.kind});stroke:" + ("none" if pill else f"var(--g-{box.kind}-line)")
    radius = height / 2 if pill else 6.0
    text = "".join(
        f'<text class="{css}" x="{x:.1f}" y="{y - height / 2 + 18 + 16 * i:.1f}">{escape(line)}</text>'
        for i, (css, line) in enumerate(box.lines)
    )
    return (
        f'<g><title>{escape(box.hint)}</title><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}" style="{paint}"/>{text}</g>'
    )


def to_dot(
    variables: Sequence[VariableNode], functions: Sequence[FunctionNode], edges: Sequence[Edge], verbose: bool
) -> str:
    """The DOT text of a graph, readable by Graphviz."""
    lines = ["digraph computation {", "  node [fontname=sans]"]
    for v in variables:
        label = "\\n".join(text.replace("\\", "\\\\").replace('"', '\\"') for _, text in _lines(v, verbose))
        lines.append(f'  {v.id} [label="{label}", color=orange, style=filled]')
    lines += [f'  {f.id} [label="{f.name}", color=lightblue, style=filled, shape=box]' for f in functions]
    lines += [f"  {e.source} -> {e.target}" for e in edges]
    return "\n".join([*lines, "}"]) + "\n"
