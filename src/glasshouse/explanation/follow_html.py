"""A followed picture as HTML for a notebook: layers down, derivatives back; colours of the page around it."""

from html import escape
from typing import Any

__all__ = ["follow_html"]

TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0; color: inherit">'
CELL = "padding: 0.3em 0.6em; text-align: left; vertical-align: top"
MAP = "width: 40px; height: 40px; image-rendering: pixelated; display: inline-block; margin: 1px"


def follow_html(told: dict[str, Any]) -> str:
    """The picture, what each layer gave, the loss, and the derivative by each layer, as `tell_overview` tells them."""
    rows = "".join(map(_row, told["steps"]))
    head = "".join(f'<th style="{CELL}">{name}</th>' for name in ("layer", "gives", "derivative of the loss by it"))
    best = told["classes"][0]
    return (
        f'<div class="glasshouse-follow"><p><img alt="the picture" src="{told["picture"]}" style="width: 96px; '
        f'image-rendering: pixelated"> <b>{escape(told["network"])}</b> says {escape(best["name"])} '
        f"({100 * best['probability']:.1f} %); it is {escape(told['label'])}: loss {told['loss']:.4f}.</p>"
        f"{TABLE}<tr>{head}</tr>{rows}</table></div>"
    )


def _row(told: dict[str, Any]) -> str:
    shape = " x ".join(map(str, told["shape"]))
    what = (
        f"<b>{escape(told['name'])}</b> {escape(told['kind'])}<br>{shape}<br><small>{escape(told['sentence'])}</small>"
    )
    gives = _maps(told["maps"], told["count"], "what it gave") or _numbers(told["bars"], told["count"])
    back = _maps(told["gradients"], told["count"], "derivative") or _numbers(told["gradient_bars"], told["count"])
    ranges = f"<br><small>{told['low']:.3g} to {told['high']:.3g}</small>"
    norm = f"<br><small>length {told['norm']:.3g}</small>"
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in (what, gives + ranges, back + norm)) + "</tr>"


def _maps(addresses: list[str], count: int, what: str) -> str:
    shown = "".join(f'<img alt="{what}, channel {i}" src="{a}" style="{MAP}">' for i, a in enumerate(addresses))
    return shown and f"{shown}<br><small>{len(addresses)} of {count} channels</small>"


def _numbers(values: list[float], count: int) -> str:
    few = ", ".join(f"{value:.3g}" for value in values[:8])
    return f"{few}{', …' if count > 8 else ''}<br><small>{count} numbers</small>"
