"""A network in the words of Autodiff: a Model with its layers, and forward as a chain of functions."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.ladder.layer_texts import WRITERS, Writer
from glasshouse.ladder.network import Layers
from glasshouse.layers.graph import Step
from glasshouse.layers.layer import InputLayer

__all__ = ["Written", "model_text", "part_names"]

WIDTH = 96
LETTERS = "xyzuvwabcdefgh"


@dataclass(frozen=True)
class Written:
    """The text of a class, and what it uses besides F and L."""

    text: str
    engine: bool
    dropout: bool
    random: bool
    words: frozenset[str]  # of glasshouse.layers


def model_text(layers: Layers, name: str, dropout: str, changed: str) -> Written:
    """The class of the network; ``dropout`` and ``changed`` are the texts of its methods of these names."""
    w = Writer(layers)
    body = _forward(w)
    made = "".join(f"        {line}\n" for line in w.made)
    method = (dropout if w.dropout else "") + (changed if w.random else "")
    text = f"class {name}(Model):\n    def __init__(self):\n{made}\n    def forward(self, x):\n{body}{method}"
    return Written(text, w.engine, w.dropout, w.random, frozenset(w.words))


def _forward(w: Writer) -> str:
    steps, uses, last = w.net.steps, Counter(w.uses), w.net.output_steps[0]
    texts: dict[int, str] = {0: "x"}  # what stands for a value: a variable, or an expression that is used once
    lines: list[str] = []
    for number, step in enumerate(steps):
        if isinstance(step.layer, InputLayer):
            continue
        kind = type(step.layer).__name__
        inputs = step.inputs
        if kind == "ZeroPadding2D" and _taken_in(w, number):
            texts[number] = texts[inputs[0]]
            uses[inputs[0]] -= 1
            continue
        text = WRITERS[kind](w, step, [texts[i] for i in inputs])
        if number != last or not w.layers.own:  # the softmax of the last layer is part of the loss
            text = w.activated(getattr(step.layer, step.layer.activation_field, None), text, step)
        for i in inputs:
            uses[i] -= 1
        if number == last:
            lines.append(f"return {text}")
        elif uses[number] == 1 and len(text) < WIDTH - 30 and _joins(steps, number, kind):
            texts[number] = text
        else:
            texts[number] = _variable(texts, uses)
            lines.append(f"{texts[number]} = {text}")
    return "".join(f"        {line}\n" for line in lines)


def _joins(steps: Sequence[Step], number: int, kind: str) -> bool:
    """Whether a value may be written inside the call that takes it: in a straight line, to the end of a block."""
    after = next((step for step in steps if number in step.inputs), None)
    if after is None or len(after.inputs) > 1 or kind in ("Add", "Concatenate", "Subtract", "Multiply", "Average"):
        return kind == "Add" and after is not None and type(after.layer).__name__ == "Activation"
    return type(after.layer).__name__ in (
        "BatchNormalization",
        "Activation",
        "MaxPooling2D",
        "Flatten",
        "Dropout",
        "ReLU",
    )


def _taken_in(w: Writer, number: int) -> bool:
    """Whether the layer after a padding adds its zeros."""
    after = next((step for step in w.net.steps if number in step.inputs), None)
    if after is None or not hasattr(after.layer, "padding") or type(after.layer).__name__ == "ZeroPadding2D":
        return False
    return w.pads_of(after)[1] != number


def _variable(texts: dict[int, str], uses: Counter[int]) -> str:
    """A variable for a new value: one that nobody needs any more, else the next letter."""
    needed = set()
    for i, text in texts.items():
        if uses[i] > 0:
            needed |= set(re.findall(r"(?<![\w.])([a-z]\d*)(?![\w(])", text))
    return next(letter for letter in LETTERS if letter not in needed)


def part_names(layers: Layers, names: Sequence[str]) -> list[str]:
    """The attributes of the class that hold these layers."""
    kinds = {step.weights: type(step.layer).__name__ for step in layers.net.steps}
    found = []
    for name in names:
        found += [f"{name}_deep", f"{name}_wide"] if kinds[name] == "SeparableConv2D" else [name]
    return found
