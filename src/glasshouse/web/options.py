"""The options of the command line that messages of the library name, as the fields that pages have for them."""

import re
from collections.abc import Callable, Mapping

from glasshouse.web.language import texts

__all__ = ["fields_for_options"]

OPTION = re.compile(r"(--[a-z]+(?:-[a-z]+)*)(?: (none|FILE|random|ordered|jpeg|gray|rgb|0\.\d+|0\b))?")
NOT_ON_PAGES = {  # beside a message stands a link, and a place on the disk is the Studio's own affair
    "; dataset show --twins lists them": "", "; dataset show --twins lists pictures that look the same": "",
    "choose another --out, a smaller": "choose a smaller", "다른 --out, 더 작은": "더 작은",
}  # fmt: skip


def fields_for_options(text: str, language: str) -> str:
    """Return the text with ``--pattern`` and the like replaced by the label of the field, in quotation marks."""
    if "--" not in text:
        return text
    for words, instead in NOT_ON_PAGES.items():
        text = text.replace(words, instead)
    _ = texts(language).gettext
    labels, values = _labels(_), _values(_)

    def field(found: re.Match[str]) -> str:
        label, value = labels.get(found[1]), found[2] or ""
        if label is None:
            return found[0]
        shown = _("{value} %").format(value=f"{100 * float(value):g}") if value[:1] == "0" else values.get(value, "")
        return f"“{label}” {shown}".strip()

    return OPTION.sub(field, text)


def _labels(_: Callable[[str], str]) -> Mapping[str, str]:
    return {
        "--pattern": _("Label pattern"), "--path-column": _("Column of the path"),
        "--label-column": _("Column of the label"), "--group": _("Series pattern"), "--split": _("Way of splitting"),
        "--min-per-class": _("Least pictures a class"), "--valid": _("For validation"),
        "--test": _("For the sealed test"), "--size": f"{_('Width')} × {_('Height')}", "--color": _("Colour"),
        "--encoding": _("Stored as"), "--batch-size": _("Batch size"), "--lr": _("Learning rate"),
        "--weights": _("Start from"),
    }  # fmt: skip


def _values(_: Callable[[str], str]) -> Mapping[str, str]:
    return {"random": _("Random"), "ordered": _("In order"), "jpeg": "JPEG", "gray": _("Grey"), "rgb": _("Colour"),
            "none": _("Nothing: random weights"), "FILE": ""}  # fmt: skip
