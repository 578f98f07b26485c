"""A followed picture as HTML for a notebook: layers down, derivatives back; colours of the page around it.

The layers of a long network fold by stages, and what a kind of layer computes is said once; a small picture grows
when it is chosen. All of it without scripts.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["SIDE", "follow_html"]

SIDE = 96  # pixels of a map that has grown
TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0; color: inherit">'
CELL = "padding: 0.3em 0.6em; text-align: left; vertical-align: top"
STYLE = (
    "<style>.glasshouse-follow .gh-map { width: 40px; height: 40px; image-rendering: pixelated; display: inline-block; "
    "margin: 1px; cursor: zoom-in } .glasshouse-follow .gh-map:focus { width: 192px; height: 192px; cursor: zoom-out }"
    "</style>"
)
HEAD = "".join(f'<th style="{CELL}">{name}</th>' for name in ("layer", "gives", "derivative of the loss by it"))


def follow_html(told: dict[str, Any]) -> str:
    """The picture, what each layer gave, the loss, and the derivative by each layer, as `tell_overview` tells them."""
    best = told["classes"][0]
    return (
        f'<div class="glasshouse-follow">{STYLE}<p><img alt="the picture" src="{told["picture"]}" style="width: 96px; '
        f'image-rendering: pixelated"> <b>{escape(told["network"])}</b> says {escape(best["name"])} '
        f"({100 * best['probability']:.1f} %); it is {escape(told['label'])}: loss {told['loss']:.4f}.</p>"
        f"{_stages(told) if told['stages'] else _table(told['steps'], sentences=True)}</div>"
    )


def _stages(told: Mapping[str, Any]) -> str:
    """The stages, each folded under what it gives, below what the kinds of layers compute."""
    steps = {step["name"]: step for step in told["steps"]}
    once = "".join(f"<li>{escape(one)}</li>" for one in dict.fromkeys(map(_meaning, told["steps"])))
    legend = f"<details><summary>What each kind of layer computes</summary><ul>{once}</ul></details>"
    return legend + "".join(_stage(one, [steps[name] for name in one["steps"]]) for one in told["stages"])


def _stage(stage: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str:
    end, size = steps[-1], tuple(stage["size"])
    name = "The answer" if size == (1, 1) else f"Stage {stage['number']}: {size[0]} x {size[1]}"
    named = f"{steps[0]['name']} to {end['name']}" if len(steps) > 1 else end["name"]
    return (
        f"<details><summary><b>{name}</b>, {len(steps)} steps, {escape(named)}, length of the derivative "
        f"{end['norm']:.3g}<br>{_maps(end['maps'], end['count'], 'what it gave')}</summary>"
        f"{_table(steps, sentences=False)}</details>"
    )


def _table(steps: Sequence[Mapping[str, Any]], *, sentences: bool) -> str:
    rows = "".join(_row(step, _note(step, sentences=sentences)) for step in steps)
    return f"{TABLE}<tr>{HEAD}</tr>{rows}</table>"


def _note(told: Mapping[str, Any], *, sentences: bool) -> str:
    return f"<br><small>{escape(told['sentence'])}</small>" if sentences else ""


def _meaning(told: Mapping[str, Any]) -> str:
    return f"{_kind(told)}: {told['sentence']}"


def _kind(told: Mapping[str, Any]) -> str:
    return f"{told['kind']} + {told['activation']}" if told["activation"] else str(told["kind"])


def _row(told: Mapping[str, Any], note: str) -> str:
    shape = " x ".join(map(str, told["shape"]))
    what = f"<b>{escape(told['name'])}</b> {escape(told['kind'] if note else _kind(told))}<br>{shape}{note}"
    gives = _maps(told["maps"], told["count"], "what it gave") or _numbers(told["bars"], told["count"])
    back = _maps(told["gradients"], told["count"], "derivative") or _numbers(told["gradient_bars"], told["count"])
    ranges = f"<br><small>{told['low']:.3g} to {told['high']:.3g}</small>"
    norm = f"<br><small>length {told['norm']:.3g}</small>"
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in (what, gives + ranges, back + norm)) + "</tr>"


def _maps(addresses: Sequence[str], count: int, what: str) -> str:
    shown = "".join(
        f'<img alt="{what}, channel {i}" src="{a}" class="gh-map" tabindex="0">' for i, a in enumerate(addresses)
    )
    return shown and f"{shown}<br><small>{len(addresses)} of {count} channels</small>"


def _numbers(values: Sequence[float], count: int) -> str:
    few = ", ".join(f"{value:.3g}" for value in values[:8])
    return f"{few}{', …' if count > 8 else ''}<br><small>{count} numbers</small>"
