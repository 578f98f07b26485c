"""The drawing of a graph: laid out in layers by graphlay, written as SVG that follows a light or dark page."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from .arrays import Array, module_of
from .faults import GraphError
from .nodes import Edge, FunctionNode, VariableNode

__all__ = ["to_dot", "to_svg"]

_LIGHT = (
    "--ink:#1c2733;--soft:#55636f;--line:#8a99a8;--input:#e3f0fb;--parameter:#e7f6ea;--constant:#f0f1f3;"
    "--between:#ffffff;--result:#fdeedd;--input-line:#2a7ab8;--parameter-line:#2f8f4e;--constant-line:#9aa3ad;"
    "--between-line:#a9b4bf;--result-line:#c9731a;--function:#3d4d5c;--function-ink:#ffffff"
)
_DARK = (
    "--ink:#e6ebf0;--soft:#9fadba;--line:#75838f;--input:#17324a;--parameter:#173a24;--constant:#2a3037;"
    "--between:#1d232a;--result:#46300f;--input-line:#5ba7e0;--parameter-line:#5dbb7a;--constant-line:#68727c;"
    "--between-line:#56626d;--result-line:#e89a4a;--function:#c3ced8;--function-ink:#12181e"
)
_STYLE = (  # a page may choose by data-theme on its root; else the system does
    f".gh-graph{{{_LIGHT};font:12px system-ui,-apple-system,'Segoe UI','Noto Sans KR',sans-serif}}"
    f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]) .gh-graph,svg.gh-graph:root{{{_DARK}}}}}"
    f"[data-theme=dark] .gh-graph{{{_DARK}}}"
    ".gh-graph text{fill:var(--ink);text-anchor:middle}.gh-graph .name{font-weight:600}"
    ".gh-graph .soft{fill:var(--soft);font-size:11px}.gh-graph .op{fill:var(--function-ink);font-weight:600}"
    ".gh-graph .edge{fill:none;stroke:var(--line);stroke-width:1.3}.gh-graph .tip{fill:var(--line)}"
    ".gh-graph rect{stroke-width:1.3}"
)


def _numbers(x: Array) -> str:
    """A few numbers whole, many as their range."""
    host = np.asarray(module_of(x).host(x))
    if host.size == 0:
        return "empty"
    if host.size <= 4:
        return ", ".join(f"{n:.4g}" for n in host.reshape(-1).tolist())
    return f"{host.min():.3g} … {host.max():.3g}"


def _lines(v: VariableNode, verbose: bool) -> list[tuple[str, str]]:
    """What stands in the box of a Variable: (css class, text)."""
    shape = str(v.shape) if v.shape else "number"
    lines = [("name", v.name)] if v.name else []
    if verbose or not v.name:
        lines.append(("soft" if v.name else "name", shape if v.shape or not verbose else _numbers(v.value)))
    if verbose and v.shape:
        lines.append(("soft", _numbers(v.value)))
    if verbose and v.gradient is not None:
        lines.append(("soft", f"grad {_numbers(v.gradient)}"))
    return lines


def _size(lines: list[tuple[str, str]]) -> tuple[float, float]:
    return max(44.0, *((6.3 if css == "soft" else 7.6) * len(text) + 20 for css, text in lines)), 16.0 * len(lines) + 12


def to_svg(
    variables: Sequence[VariableNode], functions: Sequence[FunctionNode], edges: Sequence[Edge], verbose: bool
) -> str:
    """The SVG text of a graph, results at the bottom."""
    texts = {v.id: _lines(v, verbose) for v in variables} | {f.id: [("op", f.name)] for f in functions}
    layout = _layout(texts, edges)
    nodes: list[VariableNode | FunctionNode] = [*variables, *functions]
    low, high = layout["bounds"]["min"], layout["bounds"]["max"]
    x, y, width, height = low["x"] - 12, low["y"] - 12, high["x"] - low["x"] + 24, high["y"] - low["y"] + 24
    parts = [_edge(edge["points"]) for edge in layout["edges"]]
    parts += [_box(part, **node["center"], lines=texts[part.id]) for part, node in zip(nodes, layout["nodes"])]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gh-graph" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="{x:.1f} {y:.1f} {width:.1f} {height:.1f}"><title>computation graph: '
        f"{len(variables)} variables, {len(functions)} functions</title><style>{_STYLE}</style>"
        + "".join(parts)
        + "</svg>"
    )


def _layout(texts: dict[int, list[tuple[str, str]]], edges: Sequence[Edge]) -> dict[str, Any]:
    try:
        import graphlay  # only drawing needs it
    except ImportError as error:
        raise GraphError("drawing a graph needs graphlay; install it, or write .dot text instead") from error
    plan = graphlay.Graph()
    for number, lines in texts.items():
        width, height = _size(lines)
        plan.node(number, width=width, height=height)
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


def _box(part: VariableNode | FunctionNode, x: float, y: float, lines: list[tuple[str, str]]) -> str:
    """A Variable as a light box in the colour of its kind, a Function as a dark pill."""
    width, height = _size(lines)
    if isinstance(part, VariableNode):
        paint, radius = f"fill:var(--{part.kind});stroke:var(--{part.kind}-line)", 6.0
        hint = f"{part.kind}: {part.dtype} {part.shape}"
    else:
        paint, radius, hint = "fill:var(--function);stroke:none", height / 2, part.formula
    text = "".join(
        f'<text class="{css}" x="{x:.1f}" y="{y - height / 2 + 18 + 16 * i:.1f}">{escape(line)}</text>'
        for i, (css, line) in enumerate(lines)
    )
    return (
        f'<g><title>{escape(hint)}</title><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{radius:.1f}" style="{paint}"/>{text}</g>'
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
