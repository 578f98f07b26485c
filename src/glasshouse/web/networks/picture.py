"""The picture of a network: one box per layer with the shape it gives, laid out by graphlay, for a template to draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import graphlay

from glasshouse.layers.look import Look, Seen
from glasshouse.web.networks.controls import GROUPS
from glasshouse.web.networks.draft import Block, Draft

__all__ = ["Box", "Picture", "picture"]

HEIGHT, MARGIN, LETTER = 44.0, 12.0, 7.4


@dataclass(frozen=True)
class Box:
    """One layer: where its centre is, how wide it is, its family, its words, and whether something is wrong."""

    x: float
    y: float
    width: float
    family: str
    title: str
    shape: str
    name: str
    wrong: bool


@dataclass(frozen=True)
class Picture:
    """Boxes and ways between them, in a view of ``width`` by ``height`` from (``left``, ``top``)."""

    left: float
    top: float
    width: float
    height: float
    boxes: tuple[Box, ...]
    ways: tuple[str, ...]


def picture(draft: Draft, seen: Look) -> Picture:
    """Lay the network out from top to bottom; ways that lead nowhere are left out."""
    shapes = {layer.name: layer for layer in seen.layers}
    plan = graphlay.Graph()
    titles = {block.name: block.title for block in draft.blocks}
    blocks = list({block.name: block for block in draft.blocks}.values())
    below: set[str] = set()
    for block in blocks:
        plan.node(block.name, width=_width(titles[block.name], _shape(shapes.get(block.name))), height=HEIGHT)
    for block in blocks:
        for name in dict.fromkeys(block.inputs):
            if name in below:
                plan.edge(name, block.name)
        below.add(block.name)
    laid = graphlay.layout(plan, options={"direction": "topbottom", "routing": {"style": "diagonal"}}).raw
    boxes = tuple(
        _box(block, titles[block.name], shapes.get(block.name), node["center"])
        for block, node in zip(blocks, laid["nodes"])
    )
    low, high = laid["bounds"]["min"], laid["bounds"]["max"]
    ways = tuple(_way(edge["points"]) for edge in laid["edges"])
    return Picture(low["x"] - MARGIN, low["y"] - MARGIN, high["x"] - low["x"] + 2 * MARGIN,
                   high["y"] - low["y"] + 2 * MARGIN, boxes, ways)  # fmt: skip


def _box(block: Block, title: str, seen: Seen | None, centre: Mapping[str, float]) -> Box:
    family = next((group for group, words in GROUPS.items() if block.word in words), "input")
    wrong = seen is None or bool(seen.problems)  # what comes below it has no shape either, and nothing to put right
    text = _shape(seen)
    return Box(centre["x"], centre["y"], _width(title, text), family, title, text, block.name, wrong)


def _shape(seen: Seen | None) -> str:
    return "?" if seen is None or seen.shape is None else " × ".join(map(str, seen.shape))


def _width(title: str, shape: str) -> float:
    return max(120.0, LETTER * max(len(title), len(shape)) + 24)


def _way(points: list[dict[str, float]]) -> str:
    """A rounded line through the points."""
    (x, y), *rest = [(p["x"], p["y"]) for p in points]
    way = f"M{x:.1f} {y:.1f}"
    for (px, py), (qx, qy) in pairwise(rest):
        way += f"Q{px:.1f} {py:.1f} {(px + qx) / 2:.1f} {(py + qy) / 2:.1f}"
    return f"{way}L{rest[-1][0]:.1f} {rest[-1][1]:.1f}"
