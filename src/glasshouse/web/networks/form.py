"""The form of a network: from what was sent to a draft and its parts, and what a page shows of them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glasshouse.errors import GlasshouseError, RecipeError
from glasshouse.layers import LAYERS
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.look import Look, Memory, Seen, memory
from glasshouse.layers.shapes import text as shape_text
from glasshouse.recipe import ObjectiveRecipe, OptimizerRecipe, TrainingRecipe
from glasshouse.recipe.fields import declared_fields
from glasshouse.web.framework.form_values import flat, problems_of, recipe_data
from glasshouse.web.framework.recipe_controls import counting
from glasshouse.web.networks.controls import Control, controls
from glasshouse.web.networks.draft import MERGING, Block, Draft, added, doubled, moved, removed, renamed

__all__ = ["PARTS", "Card", "Filled", "Room", "cards", "changed", "example", "filled", "machine_memory", "room_for",
           "sent"]  # fmt: skip

PARTS = tuple(name for name in declared_fields() if name.startswith(("objective.", "optimizer.")))
CHECKED = frozenset(name for name in PARTS if declared_fields()[name].kind == "switch")
NONE: frozenset[str] = frozenset()
PLAIN = ("name", "notes", "revision", "batch_size", "place", "word")
MANY = 40  # blocks; of longer networks a page shows the settings of one at a time
MOST_BLOCKS = 400  # a page with more is too slow to work with
SLOTS = {"sgd": 0, "rmsprop": 1, "adagrad": 1}  # numbers that an optimizer keeps for each weight; the others 2


@dataclass(frozen=True)
class Filled:
    """A form as it was sent: a draft, and the other fields by name (name, notes, objective.…, optimizer.…)."""

    draft: Draft
    fields: Mapping[str, str]

    def parts(self) -> tuple[dict[str, object], dict[str, object], dict[str, str]]:
        """Objective and optimizer as data, and what is wrong with them by field."""
        counts = counting(self.fields)
        data = recipe_data(self.fields, [name for name in PARTS if name in counts], NONE, CHECKED)
        given = {"objective": data.get("objective", {}), "optimizer": data.get("optimizer", {})}
        try:
            TrainingRecipe(data="-", network="-", **given)
        except RecipeError as error:
            return given["objective"], given["optimizer"], problems_of(error)
        return given["objective"], given["optimizer"], {}


@dataclass(frozen=True)
class Shown:
    """One setting of a card: its control, the text in it, what is wrong with it."""

    control: Control
    text: str
    wrong: str


@dataclass(frozen=True)
class Card:
    """One block as the page shows it.

    It is ``straight`` where it takes what is before it, ``joins`` several inputs, is ``open`` where its settings
    are to be seen; of others ``kept`` holds all that a form sends back.
    """

    number: int
    block: Block
    seen: Seen | None
    settings: tuple[Shown, ...]
    rare: tuple[Shown, ...]
    straight: bool
    joins: bool
    open: bool
    kept: str
    wrong: tuple[str, ...]
    named_wrong: str

    @property
    def title(self) -> str:
        """The layer with the settings that matter most."""
        return self.block.title

    @property
    def shape(self) -> str:
        """What it gives for one picture."""
        return "?" if self.seen is None or self.seen.shape is None else " × ".join(map(str, self.seen.shape))

    @property
    def weights(self) -> str:
        """Its arrays by their lengths: 3 × 3 × 1 × 20 + 20."""
        shapes = self.seen.weights if self.seen is not None else ()
        return " + ".join(shape_text(shape).replace("x", " × ") for shape in shapes)


@dataclass(frozen=True)
class Room:
    """Whether a training fits: what it takes, what the machine has, a batch size that would fit (0: none does)."""

    memory: Memory
    machine: int
    batch_size: int
    fits: int

    @property
    def tight(self) -> bool:
        """Over half of the machine's memory, which other programs and the libraries use too."""
        return 2 * self.memory.total > self.machine

    @property
    def over(self) -> bool:
        """More than the machine has."""
        return self.memory.total > self.machine


def example(*, bare: bool = False) -> dict[str, object]:
    """The small network that an empty page begins with; ``bare``: only its input and output."""
    layers: list[dict[str, object]] = [
        {"name": "input_layer", "layer": "Input", "shape": [28, 28, 1]},
        {"name": "conv2d", "layer": "Conv2D", "settings": {"filters": 16, "kernel_size": 3, "activation": "relu"}},
        {"name": "max_pooling2d", "layer": "MaxPooling2D"},
        {"name": "flatten", "layer": "Flatten"},
        {"name": "dense", "layer": "Dense", "settings": {"units": 10, "activation": "softmax"}},
    ]
    return {"layers": [layers[0], *layers[-2:]] if bare else layers}


def filled(
    layers: Mapping[str, object], objective: Mapping[str, Any], optimizer: Mapping[str, Any], **fields: str
) -> Filled:
    """The form of a network that is somewhere already."""
    given = {"objective": ObjectiveRecipe(**objective), "optimizer": OptimizerRecipe(**optimizer)}
    plain = flat({name: part.model_dump(mode="json") for name, part in given.items()}, NONE)
    blank = dict.fromkeys((*PLAIN, *PARTS), "")
    return Filled(Draft.of(layers), {**blank, **plain, "batch_size": "64", **fields})


def sent(items: Sequence[tuple[str, str]]) -> Filled:
    """The form as the browser sent it; names of blocks that were changed are followed where they are taken."""
    last = dict(items)
    numbers = sorted({int(n) for name, _ in items if (n := name[1:].partition(".")[0]).isdecimal() and name[0] == "b"})
    blocks, was = [], {}
    for number in numbers[:MOST_BLOCKS]:
        mark = f"b{number}."
        if mark + "kept" in last:
            blocks.append(Block.of_kept(last[mark + "kept"]))
            continue
        texts = {name.removeprefix(mark + "s."): text for name, text in items if name.startswith(mark + "s.")}
        name = last.get(mark + "name", "").strip()
        inputs = tuple(text.strip() for key, text in items if key == mark + "inputs" and text.strip())
        was[last.get(mark + "was", name)] = name
        word = last.get(mark + "word", "")
        blocks.append(Block(name, word, texts, inputs, last.get(mark + "shares", ""), bool(last.get(mark + "frozen"))))
    fields = {name: last.get(name, "") for name in (*PLAIN, *PARTS)}
    draft = Draft(tuple(blocks), "channels_first" if last.get("data_format") == "channels_first" else "channels_last")
    return Filled(renamed(draft, was), fields)


def changed(form: Filled, do: str) -> tuple[Filled, str]:
    """Do what a button asks (up:3, down:3, remove:3, double:3, add), and return the name of the block it concerns."""
    what, _, rest = do.partition(":")
    draft, word = form.draft, form.fields.get("word", "")
    if what == "add" and word in LAYERS and draft.blocks:
        place = form.fields.get("place", "")
        after = int(place) if place.isdecimal() and int(place) < len(draft.blocks) else len(draft.blocks) - 2
        new = added(draft, word, max(0, after))
        return replace(form, draft=new), next(name for name in new.names() if name not in draft.names())
    at = int(rest) if rest.isdecimal() else -1
    if not 0 <= at < len(draft.blocks):
        return form, ""
    name = draft.blocks[at].name
    if what == "remove":
        return replace(form, draft=removed(draft, at)), draft.blocks[at - 1].name if at else ""
    if what == "open":
        return form, name
    if what == "double":
        return replace(form, draft=doubled(draft, at)), name
    if what in ("up", "down"):
        return replace(form, draft=moved(draft, at, -1 if what == "up" else 1)), name
    return form, ""


def cards(draft: Draft, look: Look, chosen: str = "") -> list[Card]:
    """What the page shows of each block; of long networks only the ``chosen`` one, and what is wrong, with settings."""
    many = len(draft.blocks) > MANY
    seen = {layer.name: layer for layer in look.layers}
    found = []
    for number, block in enumerate(draft.blocks):
        here = seen.get(block.name)
        told = {p.field.removeprefix(block.name).lstrip("."): p.message for p in (here.problems if here else ())}
        names = [c.name for c in controls(block.word)] if block.word in LAYERS else []
        settings = tuple(Shown(c, block.texts.get(c.name, ""), told.pop(c.name, "")) for c in
                         (controls(block.word) if names else ()))  # fmt: skip
        above = draft.names()[:number]
        straight = block.inputs == tuple(above[-1:])
        named = told.get("name", "")
        wrong = bool(here is None or here.problems)
        is_open = not many or block.name == chosen or wrong
        found.append(Card(number, block, here, tuple(s for s in settings if not s.control.rare),
                          tuple(s for s in settings if s.control.rare), straight, block.word in MERGING, is_open,
                          draft.kept(number), tuple(told.values()), named))  # fmt: skip
    return found


def room_for(look: Look, form: Filled, machine: int) -> Room:
    """Whether a training with the form's batch size and optimizer fits into ``machine`` bytes."""
    text, name = form.fields.get("batch_size", ""), form.fields.get("optimizer.name") or "adamw"
    size = min(int(text), 2**20) if text.isdecimal() and len(text) < 9 and int(text) > 0 else 64
    slots = SLOTS.get(name, 2) + (
        name in ("sgd", "rmsprop") and form.fields.get("optimizer.momentum", "") not in ("", "0")
    )
    fits = next(
        (2**k for k in range(size.bit_length() - 1, -1, -1) if memory(look, 2**k, slots).total <= machine // 2), 0
    )
    return Room(memory(look, size, slots), machine, size, fits)


def machine_memory() -> int:
    """The bytes of memory of this machine, or of the container that it runs in."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(limit)) if limit.isdecimal() else whole


def classic(name: str) -> dict[str, object]:
    """A classic of the catalogue as layers.

    Raises:
        GlasshouseError: there is none of that name.
    """
    if name not in CLASSICS:
        raise GlasshouseError(
            "There is no classic {name}; there are {CLASSICS}.", name=name, CLASSICS=", ".join(CLASSICS)
        )
    return CLASSICS[name]().to_dict()
