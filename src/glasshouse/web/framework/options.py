"""What messages of the library name, as pages call it: fields instead of options, files of an upload by their names."""

import re
from collections.abc import Callable, Mapping

from glasshouse.web.framework.field_labels import field_labels
from glasshouse.web.framework.language import texts

__all__ = ["as_pages_say"]

OPTION = re.compile(r"(--[a-z]+(?:-[a-z]+)*)(?: (none|FILE|random|ordered|jpeg|gray|rgb|0\.\d+|0\b))?")
UPLOADED = re.compile(r"(?:/[^\s/]+)*/uploads/\d{8}-\d{6}-[0-9a-f]{8}(?:/files)?(/(?=\S))?")
FIELDS = {
    "--labels-csv": "labels.pictures", "--pattern": "labels.pattern",
    "--path-column": "labels.path_column", "--label-column": "labels.label_column",
    "--group": "group", "--split": "split", "--min-per-class": "min_per_class", "--valid": "valid", "--test": "test",
    "--size": "width height", "--color": "color", "--encoding": "encoding", "--batch-size": "batch_size",
    "--lr": "optimizer.lr", "--clip-norm": "clip_norm", "--weights": "weights",
}  # fmt: skip
RESUME, ANEW = re.compile(r"glasshouse resume \S+ --from (\S+)"), re.compile(r"glasshouse train --recipe \S+")
PARTS = ("--valid", "--test")  # of 1 in a recipe, percent on a page
ON_PAGES = {  # what only a terminal can do, as a page says it: a link or a button is there instead, or nothing
    "; dataset show --twins lists them": "", "; dataset show --twins lists pictures that look the same": "",
    " `glasshouse networks --search TEXT` lists more.": "", " 더 찾으려면: `glasshouse networks --search TEXT`.": "",
    ": `glasshouse networks --search TEXT`": "",
    "choose another --out, a smaller": "choose a smaller", "다른 --out, 더 작은": "더 작은",
    " Choose another --out, or remove it yourself.": "", " 다른 --out을 고르거나 직접 지우세요.": "",
    " Move that, or choose another --out.": " Move that.",
    " 그것을 옮기거나 다른 --out을 고르세요.": " 그것을 옮기세요.",
    " Choose another --out.": "", " 다른 --out을 고르세요.": "",
    "; name it with --data DIR": "", " --data DIR로 정하세요.": "", "; name one with --data DIR": "",
    "; say where it is: --data DIR": "", ". 위치를 지정하세요: --data DIR": "",
    "; start the training anew with glasshouse train": "; clone the model to train it anew",
    "glasshouse train으로 학습을 새로 시작하세요": "모델을 복제하여 새로 학습하세요",
    ", and go on with glasshouse resume": ", and resume it", "(glasshouse resume)": "",
    "; give the folder that glasshouse train --out made": "", "; give what train --out made": "",
    " glasshouse train --out이 만든 폴더를 지정하세요.": "", " train --out이 만든 폴더를 지정하세요": "",
}  # fmt: skip
PATTERNS = (  # the same, where a place stands within the words
    (re.compile(r"for a folder of pictures, run: glasshouse dataset create .*? --out DIR"), "make a dataset first"),
    (re.compile(r"이미지 폴더라면 다음을 실행하세요: glasshouse dataset create .*? --out DIR"),
     "먼저 데이터 세트를 만드세요"),
    (re.compile(r"; finish it with: glasshouse resume \S+"), "; resume it first"),
    (re.compile(r"다음으로 끝내세요: glasshouse resume \S+"), "먼저 이어서 학습하세요"),
    (re.compile(r": 같은 원본과 설정, 같은 --out으로 glasshouse dataset create를 실행하면 바뀝니다"), ""),
    (re.compile(r": glasshouse dataset create with the same source, options and --out replaces it"), ""),
    (re.compile(r", training again what came after: glasshouse resume \S+ --from \S+"),
     ", clone the model and start from that checkpoint"),
    (re.compile(r"start anew with: glasshouse train --recipe \S+"), "clone the model to train it anew"),
    (re.compile(r"There is a table, (.+?): give it as the source"),
     r"There is a table, \1: choose “Columns of a table” under “Labels come from”"),
)  # fmt: skip


def as_pages_say(text: str, language: str) -> str:
    """Return the text with ``“Label pattern”`` for ``--pattern`` and the like, and without the place of an upload."""
    if "/uploads/" in text:
        text = UPLOADED.sub(lambda found: "" if found[1] else texts(language).gettext("your upload"), text)
    return _with_fields(text, language) if any(one in text for one in ("--", "glasshouse ", "as the source")) else text


def _with_fields(text: str, language: str) -> str:
    _ = texts(language).gettext
    for pattern, said in PATTERNS:
        text = pattern.sub(said, text)
    for words, instead in ON_PAGES.items():
        text = text.replace(words, instead)
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
    return {"random": _("Random"), "ordered": _("In order"), "jpeg": "JPEG", "gray": _("Grey"),
            "rgb": _("colour").capitalize(), "none": _("Nothing: random weights"), "FILE": ""}  # fmt: skip
