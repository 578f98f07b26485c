"""How a page names what messages of the library name: fields instead of options, an upload without its place."""

import re
from collections.abc import Callable, Mapping

from glasshouse.messages import Option
from glasshouse.web.framework.field_labels import field_labels
from glasshouse.web.framework.language import texts

__all__ = ["FIELDS", "field_of", "without_place"]

UPLOADED = re.compile(r"(?:/[^\s/]+)*/uploads/\d{8}-\d{6}-[0-9a-f]{8}(?:/files)?(/(?=\S))?")
FIELDS = {
    "labels-csv": "labels.pictures", "pattern": "labels.pattern",
    "path-column": "labels.path_column", "label-column": "labels.label_column",
    "group": "group", "split": "split", "min-per-class": "min_per_class", "valid": "valid", "test": "test",
    "size": "width height", "color": "color", "encoding": "encoding", "batch-size": "batch_size",
    "lr": "optimizer.lr", "clip-norm": "clip_norm", "weights": "weights",
}  # fmt: skip
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")
PARTS = ("valid", "test")  # of 1 in a recipe, percent on a page


def field_of(option: Option, language: str) -> str:
    """Return the label of an option's field in quotes, and the value as the form has it; ``--name`` without a field."""
    if option.name not in FIELDS:
        return str(option)
    _ = texts(language).gettext
    labels = field_labels(language)
    label = " × ".join(labels[name] for name in FIELDS[option.name].split())
    return f"“{label}” {_value(option, _)}".strip()


def without_place(text: str, language: str) -> str:
    """Return a text, such as a path, without the place of an upload on the server."""
    if "/uploads/" not in text:
        return text
    return UPLOADED.sub(lambda found: "" if found[1] else texts(language).gettext("your upload"), text)


def _value(option: Option, _: Callable[[str], str]) -> str:
    if option.value is None:
        return ""
    text = str(option.value)
    if option.name in PARTS and NUMBER.fullmatch(text):
        return _("{value} %").format(value=f"{100 * float(text):g}")
    return _words(_).get(text, text)


def _words(_: Callable[[str], str]) -> Mapping[str, str]:
    return {"random": _("Random"), "jpeg": "JPEG", "gray": _("Grey"), "rgb": _("colour").capitalize(),
            "none": _("Nothing: random weights"), "FILE": ""}  # fmt: skip
