"""A network while it is being built: blocks in order, each with the names of what it takes; changes make a new one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from glasshouse.layers import LAYERS
from glasshouse.layers.layer import plain_name
from glasshouse.layers.look import Look, look
from glasshouse.web.networks.controls import controls, settings_of, text_of

__all__ = ["MERGING", "Block", "Draft", "added", "doubled", "moved", "removed", "renamed"]

FIRST: Mapping[str, Mapping[str, str]] = {  # what is in a new layer's needed fields
    "Activation": {"activation": "relu"}, "AdaptiveAveragePooling2D": {"output_size": "1"},
    "Conv2D": {"filters": "32", "kernel_size": "3", "activation": "relu"},
    "Conv2DTranspose": {"filters": "32", "kernel_size": "3", "activation": "relu"},
    "Embedding": {"input_dim": "256", "output_dim": "8"}, "GaussianNoise": {"stddev": "0.1"},
    "Dense": {"units": "64", "activation": "relu"}, "DepthwiseConv2D": {"kernel_size": "3"}, "Dropout": {"rate": "0.3"},
    "RandomBrightness": {"factor": "0.1"}, "RandomContrast": {"factor": "0.1"}, "RandomRotation": {"factor": "0.05"},
    "RandomTranslation": {"height_factor": "0.1", "width_factor": "0.1"}, "RandomZoom": {"height_factor": "0.1"},
    "Rescaling": {"scale": "1"}, "Reshape": {"target_shape": "-1"},
    "SeparableConv2D": {"filters": "32", "kernel_size": "3", "activation": "relu"}, "SpatialDropout2D": {"rate": "0.3"},
}  # fmt: skip
TOLD = ("filters", "units", "kernel_size", "pool_size", "strides", "rate", "activation")
MERGING = ("Add", "Average", "Concatenate", "Maximum", "Multiply", "Subtract")


@dataclass(frozen=True)
class Block:
    """One layer: ``word`` of the vocabulary, or Input; ``texts`` are its settings as text; ``inputs`` are names.

    ``shares`` is the name of the block whose layer this uses again, and whose weights.
    """

    name: str
    word: str
    texts: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    shares: str = ""
    frozen: bool = False

    @classmethod
    def of_kept(cls, text: str) -> "Block":
        """The block that ``Draft.kept`` wrote; a block without a word where it is damaged."""
        try:
            data = json.loads(text)
            texts = {str(key): str(value) for key, value in data["texts"].items()}
            return cls(str(data["name"]), str(data["word"]), texts, tuple(map(str, data["inputs"])),
                       str(data["shares"]), bool(data["frozen"]))  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls("", "")

    @property
    def title(self) -> str:
        """The layer with the settings that matter most: Conv2D · 32 · 3 · relu."""
        if self.shares:
            return f"= {self.shares}"
        plain = {control.name: control.default for control in controls(self.word)} if self.word in LAYERS else {}
        told = [self.texts[name] for name in TOLD if self.texts.get(name) and self.texts[name] != plain.get(name)]
        return " · ".join([self.word, *told[:4]])[:40]

    def entry(self) -> dict[str, object]:
        """The block as a description has it."""
        if self.word == "Input":
            shape = [_whole(self.texts.get(side, "")) for side in ("height", "width", "channels")]
            return {"name": self.name, "layer": "Input", "shape": shape}
        if self.shares:
            return {"name": self.name, "shares": self.shares, "inputs": list(self.inputs)}
        entry: dict[str, object] = {"name": self.name, "layer": self.word}
        settings = settings_of(self.word, self.texts) if self.word in LAYERS else {}
        entry |= {"settings": settings} if settings else {}
        entry |= {"frozen": True} if self.frozen else {}
        return {**entry, "inputs": list(self.inputs)}


@dataclass(frozen=True)
class Draft:
    """Blocks, the input first; the last one gives the classes. ``data_format`` is the description's."""

    blocks: tuple[Block, ...]
    data_format: str = "channels_last"

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> "Draft":
        """The blocks of a description, which may have problems."""
        first = description.get("data_format") == "channels_first"
        entries = [entry for entry in description.get("layers", ()) if isinstance(entry, Mapping)]
        blocks: list[Block] = []
        for number, entry in enumerate(entries):
            word = str(entry.get("layer", ""))
            name = str(entry.get("name") or f"{(word or 'layer').lower()}_{number}")
            given = entry.get("inputs", [blocks[-1].name] if blocks else [])
            inputs = tuple(map(str, given)) if isinstance(given, list | tuple) else ()
            if word == "Input":
                blocks.append(Block(name, word, _sides(entry.get("shape"), first)))
            else:
                texts = _texts(word, entry.get("settings", {}))
                shares, frozen = str(entry.get("shares", "")), bool(entry.get("frozen"))
                blocks.append(Block(name, word, texts, inputs, shares, frozen))
        return cls(tuple(blocks), "channels_first" if first else "channels_last")

    def kept(self, number: int) -> str:
        """A block as the text of one hidden field, for pages that do not show its settings."""
        return json.dumps(asdict(self.blocks[number]))

    def description(self, name: str = "network") -> dict[str, object]:
        """The description of the blocks."""
        last = [self.blocks[-1].name] if self.blocks else []
        entries: list[dict[str, Any]] = [block.entry() for block in self.blocks]
        for entry in entries:
            if self.data_format == "channels_first" and "shape" in entry:
                entry["shape"] = [entry["shape"][2], *entry["shape"][:2]]
        return {"glasshouse-network": 1, "name": name, "data_format": self.data_format, "seed": 0, "layers": entries,
                "outputs": last}  # fmt: skip

    def look(self) -> Look:
        """What the blocks amount to."""
        return look(self.description())

    def names(self) -> list[str]:
        """The names of the blocks."""
        return [block.name for block in self.blocks]


def added(draft: Draft, word: str, after: int) -> Draft:
    """Put a new layer behind block ``after``; what followed it alone now follows the new one."""
    before = draft.blocks[after]
    name = _free(plain_name(LAYERS[word].__new__(LAYERS[word])), draft.names())
    texts = {**{control.name: control.default for control in controls(word)}, **FIRST.get(word, {})}
    inputs = (before.name, _partner(draft, after)) if word in MERGING else (before.name,)
    new = Block(name, word, texts, tuple(dict.fromkeys(inputs)))
    rest = list(draft.blocks[after + 1 :])
    if rest and rest[0].inputs == (before.name,):
        rest[0] = replace(rest[0], inputs=(name,))
    return replace(draft, blocks=(*draft.blocks[: after + 1], new, *rest))


def doubled(draft: Draft, at: int) -> Draft:
    """Put a copy of a block behind it, with its own weights."""
    block = draft.blocks[at]
    copy = replace(block, name=_free(block.name, draft.names()), inputs=(block.name,), shares="")
    if block.shares or block.word == "Input" or block.word in MERGING:
        return draft
    rest = [_retaken(other, block.name, copy.name) for other in draft.blocks[at + 1 :]]
    return replace(draft, blocks=(*draft.blocks[: at + 1], copy, *rest))


def removed(draft: Draft, at: int) -> Draft:
    """Take a block out; what took it takes what it took."""
    gone = draft.blocks[at]
    if gone.word == "Input":
        return draft
    rest = [block for number, block in enumerate(draft.blocks) if number != at]
    return replace(draft, blocks=tuple(_heir(block, gone) for block in rest))


def moved(draft: Draft, at: int, step: int) -> Draft:
    """Change places with the neighbour above (-1) or below (+1); two in a row change places in the row too."""
    first, second = (at + step, at) if step < 0 else (at, at + step)
    if first < 1 or second >= len(draft.blocks):
        return draft
    a, b = draft.blocks[first], draft.blocks[second]
    rest = list(draft.blocks)
    if b.inputs == (a.name,):  # one after the other: b on what a took, a on b; others keep to the places
        swap = {a.name: b.name, b.name: a.name}
        rest = [replace(block, inputs=tuple(swap.get(name, name) for name in block.inputs)) for block in rest]
        a, b = replace(a, inputs=(b.name, *a.inputs[1:])), replace(b, inputs=a.inputs[:1])
    return replace(draft, blocks=(*rest[:first], b, a, *rest[second + 1 :]))


def renamed(draft: Draft, was: Mapping[str, str]) -> Draft:
    """Follow changed names: ``was`` has new names by old ones."""
    turned = [replace(block, inputs=tuple(was.get(name, name) for name in block.inputs),
                      shares=was.get(block.shares, block.shares)) for block in draft.blocks]  # fmt: skip
    return replace(draft, blocks=tuple(turned))


def _retaken(block: Block, name: str, new: str) -> Block:
    return replace(block, inputs=tuple(new if one == name else one for one in block.inputs))


def _heir(block: Block, gone: Block) -> Block:
    """What becomes of a block when another is removed: it takes what that took, and keeps a layer that it shared."""
    by = gone.inputs if block.word in MERGING else gone.inputs[:1]
    inputs: list[str] = []
    for name in block.inputs:
        inputs += by if name == gone.name else (name,)
    block = replace(block, inputs=tuple(dict.fromkeys(inputs)))
    if block.shares != gone.name:
        return block
    return replace(block, shares="", word=gone.word, texts=gone.texts, frozen=gone.frozen)


def _partner(draft: Draft, after: int) -> str:
    """What a layer that joins takes beside block ``after``: the nearest one above it with the same shape."""
    shapes = {seen.name: seen.shape for seen in draft.look().layers}
    name = draft.blocks[after].name
    above = [block.name for block in reversed(draft.blocks[:after]) if shapes.get(block.name) == shapes.get(name)]
    return above[0] if above else draft.blocks[max(0, after - 1)].name


def _free(stem: str, taken: list[str]) -> str:
    stem = stem.rstrip("0123456789").rstrip("_") or stem
    return next(name for n in range(len(taken) + 1) if (name := f"{stem}_{n}" if n else stem) not in taken)


def _texts(word: str, settings: object) -> dict[str, str]:
    given = settings if isinstance(settings, Mapping) else {}
    if word not in LAYERS:
        return {}
    return {c.name: text_of(given[c.name]) if c.name in given else c.default for c in controls(word)}


def _sides(shape: object, channels_first: bool) -> dict[str, str]:
    sides = [str(n) for n in shape] if isinstance(shape, list | tuple) else []
    if channels_first and len(sides) == 3:
        sides = [sides[1], sides[2], sides[0]]
    sides += ["1"] if len(sides) == 2 else []  # (28, 28), as many programs print it
    return dict(zip(("height", "width", "channels"), [*sides, "", "", ""]))


def _whole(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() and len(text) < 10 else text
