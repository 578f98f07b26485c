"""The settings of layers as controls of a form: made from the vocabulary and its rules, text in and out."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from inspect import Parameter, signature

from glasshouse.layers import LAYERS, rules
from glasshouse.layers.activations import ACTIVATIONS, activation
from glasshouse.layers.initializers import INITIALIZERS, initializer
from glasshouse.layers.regularizers import regularizer

__all__ = ["GROUPS", "Control", "controls", "settings_of", "text_of", "value_of"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "convolution": ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"),
    "pooling": ("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
                "AdaptiveAveragePooling2D", "UpSampling2D"),
    "dense": ("Dense", "Flatten", "Reshape", "Embedding"),
    "normalization": ("BatchNormalization", "LayerNormalization", "Dropout", "SpatialDropout2D", "Rescaling"),
    "activation": ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"),
    "merging": ("Add", "Concatenate", "Average", "Maximum", "Multiply", "Subtract"),
    "border": ("ZeroPadding2D", "Cropping2D"),
    "augmentation": ("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast",
                     "RandomBrightness", "GaussianNoise"),
}  # fmt: skip
NUMBERS: Mapping[object, Mapping[str, str]] = {
    rules.count: {"min": "1", "step": "1"},
    rules.share: {"min": "0", "max": "0.999", "step": "any"},
    rules.amount: {"min": "0", "step": "any"},
    rules.number: {"step": "any"},
    rules.axis: {"step": "1"},
}
RARE = frozenset({"axis", "center", "depth_multiplier", "dilation_rate", "epsilon", "fill_mode", "groups", "keepdims",
                  "max_value", "scale", "unbiased", "threshold", "value_range"})  # fmt: skip
FRACTION = re.compile(r"\s*(-?[\d.]+)\s*/\s*([\d.]+)\s*")


@dataclass(frozen=True)
class Control:
    """One setting: ``kind`` is number, check, select or text; ``limits`` are attributes of a number's field.

    ``default`` is the text that stands for the default; ``needed`` settings have none. ``rare`` ones start folded away.
    """

    name: str
    kind: str
    default: str
    needed: bool = False
    rare: bool = False
    choices: tuple[str, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()


@cache
def controls(word: str) -> tuple[Control, ...]:
    """The controls of a layer of the vocabulary."""
    kind = LAYERS[word]
    parameters = signature(kind).parameters
    found = []
    for part in fields(kind):
        if part.name != "name" and part.metadata["rule"] is not regularizer:  # no run takes one
            needed = parameters[part.name].default is Parameter.empty
            found.append(_control(part.name, part.metadata["rule"], None if needed else part.default, needed))
    return tuple(sorted(found, key=lambda control: control.rare))


def settings_of(word: str, texts: Mapping[str, str]) -> dict[str, object]:
    """The settings of a layer that the texts of a form say, without those that are left at their defaults."""
    found = {}
    for control in controls(word):
        text = texts.get(control.name, "" if control.kind == "check" else control.default).strip()
        if text != control.default and (text or control.kind in ("check", "select")):
            found[control.name] = value_of(control, text)
    return found


def value_of(control: Control, text: str) -> object:
    """What the text of a control means; the layer's rule says later whether it will do."""
    if control.kind == "check":
        return bool(text)
    if control.kind == "select":
        return _loosely(text) if text.startswith("{") else text or None
    if fraction := FRACTION.fullmatch(text):
        top, bottom = (float(number) if number.count(".") < 2 else 0.0 for number in fraction.groups())
        return top / bottom if bottom else text
    return _loosely(text)


def text_of(value: object) -> str:
    """A value as the text of a control: (3, 3) is 3, (1, 2) is 1, 2; nothing if there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        parts = [json.loads(json.dumps(part)) for part in value]
        if (
            len(parts) == 2
            and parts[0] == parts[1]
            and not isinstance(parts[0], float)
            and "," not in text_of(parts[0])
        ):
            return text_of(parts[0])
        return ", ".join(json.dumps(part) for part in parts)
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _control(name: str, check: object, default: object, needed: bool) -> Control:
    inner = check.rule if isinstance(check, rules.Maybe) else check
    text, rare = text_of(default), name in RARE and not needed
    if inner is rules.flag:
        return Control(name, "check", text, rare=rare)
    if inner is initializer:
        return Control(name, "select", text, rare=True, choices=tuple(INITIALIZERS))
    if inner is activation:
        return Control(name, "select", text, choices=("", *(word for word in ACTIVATIONS if word != "linear")))
    if isinstance(inner, rules.OneOf):
        return Control(name, "select", text, rare=rare, choices=inner.words)
    if inner in NUMBERS:
        return Control(name, "number", text, needed, rare, limits=tuple(NUMBERS[inner].items()))
    return Control(name, "text", text, needed, rare)


def _loosely(text: str) -> object:
    """Numbers as people write them: 3, 3 x 3, (3, 3), [1, 2], [3, 4]; other text as it is."""
    plain = text.replace("×", ",").replace("x", ",").replace("(", "[").replace(")", "]")
    for attempt in (text, plain, f"[{plain}]"):
        try:
            return json.loads(attempt)
        except (ValueError, RecursionError):
            continue
    return text
