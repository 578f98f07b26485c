"""What messages of the library name, as pages call it: fields instead of options, files of an upload by their names."""

import re
from collections.abc import Callable, Mapping

from glasshouse.web.field_labels import field_labels
from glasshouse.web.language import texts

__all__ = ["as_pages_say"]

OPTION = re.compile(r"(--[a-z]+(?:-[a-z]+)*)(?: (none|FILE|random|ordered|jpeg|gray|rgb|0\.\d+|0\b))?")
UPLOADED = re.compile(r"(?:/[^\s/]+)*/uploads/\d{8}-\d{6}-[0-9a-f]{8}(?:/files)?(/(?=\S))?")
FIELDS = {
    "--pattern": "labels.pattern", "--path-column": "labels.path_column", "--label-column": "labels.label_column",
    "--group": "group", "--split": "split", "--min-per-class": "min_per_class", "--valid": "valid", "--test": "test",
    "--size": "width height", "--color": "color", "--encoding": "encoding", "--batch-size": "batch_size",
    "--lr": "optimizer.lr", "--clip-norm": "clip_norm", "--weights": "weights",
}  # fmt: skip
RESUME, ANEW = re.compile(r"glasshouse resume \S+ --from (\S+)"), re.compile(r"glasshouse train --recipe \S+")
PARTS = ("--valid", "--test")  # of 1 in a recipe, percent on a page
NOT_ON_PAGES = {  # a link or a list stands there instead, there is no such field, or it is the Studio's own affair
    "; dataset show --twins lists them": "", "; dataset show --twins lists pictures that look the same": "",
    " `glasshouse networks --search TEXT` lists more.": "", " 더 찾으려면: `glasshouse networks --search TEXT`.": "",
    ": `glasshouse networks --search TEXT`": "",
    "choose another --out, a smaller": "choose a smaller", "다른 --out, 더 작은": "더 작은",
}  # fmt: skip


def as_pages_say(text: str, language: str) -> str:
    """Return the text with ``“Label pattern”`` for ``--pattern`` and the like, and without the place of an upload."""
    if "/uploads/" in text:
        text = UPLOADED.sub(lambda found: "" if found[1] else texts(language).gettext("your upload"), text)
    return _with_fields(text, language) if "--" in text else text


def _with_fields(text: str, language: str) -> str:
    for words, instead in NOT_ON_PAGES.items():
        text = text.replace(words, instead)
    _ = texts(language).gettext
    again = _("clone the model, with the weights of its checkpoint {name}")
    text = RESUME.sub(lambda found: again.format(name=found[1]), text)
    text = ANEW.sub(_("clone the model"), text)
    labels, values = field_labels(language), _values(_)

    def field(found: re.Match[str]) -> str:
        if found[1] not in FIELDS:
            return found[0]
        value, label = found[2] or "", " × ".join(labels[name] for name in FIELDS[found[1]].split())
        shown = values.get(value, value)
        if found[1] in PARTS and value[:1] == "0":
            shown = _("{value} %").format(value=f"{100 * float(value):g}")
        return f"“{label}” {shown}".strip()

    return OPTION.sub(field, text)


def _values(_: Callable[[str], str]) -> Mapping[str, str]:
    return {"random": _("Random"), "ordered": _("In order"), "jpeg": "JPEG", "gray": _("Grey"), "rgb": _("Colour"),
            "none": _("Nothing: random weights"), "FILE": ""}  # fmt: skip
