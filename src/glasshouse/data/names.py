"""Names as people mean them: composed Unicode, natural order, and which names look alike."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from glasshouse.data.check import Finding
from glasshouse.messages import Message

__all__ = ["alike_finding", "cleaned", "composed", "missing_look", "natural", "tidied"]

# zero-width space, word joiner, byte-order mark, soft hyphen, and the marks of direction: nobody sees them
_UNSEEN = dict.fromkeys(
    [0x200B, 0x2060, 0xFEFF, 0x00AD, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_JOINERS = dict.fromkeys([0x200C, 0x200D])  # seen in some scripts and in pictograms, so only compared without
_DIGITS = re.compile(r"([0-9]{1,18})")
_BETWEEN = re.compile(r"[\s_.\-]+")
_MISSING = frozenset({"nan", "<na>", "nat"})


def composed(text: str) -> str:
    """Return a text as most programs write it: Unicode NFC, in which 가 is one letter (Macs write two)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def cleaned(name: str) -> str:
    """Return a class's name without what nobody sees: blanks at its ends, zero-width letters; composed."""
    if name.isascii():
        return name.strip()
    return composed(name.translate(_UNSEEN).replace("\u00a0", " ")).strip()


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key that sorts as people count: 1, 2, 10, and ``frame 2`` before ``frame 10``.

    Names without digits keep the order of their letters; equal numbers are distinguished by their text (1 before 01).
    """
    pieces = _DIGITS.split(text)
    key = [(1, 0, piece) if k % 2 == 0 else (0, int(piece), "") for k, piece in enumerate(pieces) if piece]
    return (*key, (-1, 0, text))


def _lookalike(name: str) -> str:
    """Return what names share that a person may take for one: without case, width, blanks, underscores, plural s."""
    plain = unicodedata.normalize("NFKC", name.translate(_JOINERS)).casefold()
    words = _BETWEEN.sub(" ", plain).strip()
    if words.isdigit():
        return words.lstrip("0") or "0"
    return words[:-1] if len(words) > 3 and words.endswith("s") and words[-2] not in "su" else words


def missing_look(name: str) -> bool:
    """Return whether a class's name is how programs write a missing value (``nan``, ``<NA>``, ``NaT``)."""
    return name.casefold() in _MISSING


def tidied(counts: Mapping[str, int], fold: bool = False) -> tuple[dict[str, str], list[Finding]]:
    """Return the new name of each label that gets one, and what is reported of it; ``counts`` are its pictures.

    Labels become one class that differ in what nobody sees; with ``fold`` also in case or in the width of letters,
    under the name with the most pictures. Single letters stay apart (``A`` and ``a``).
    """
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for label, count in sorted(counts.items()):
        name = cleaned(label) or label
        same = name if not fold or len(name) == 1 else _narrow(name).casefold()
        groups[same].setdefault(name, 0)
        groups[same][name] += count
    chosen = {same: min(names, key=lambda name: (-names[name], name)) for same, names in groups.items()}
    renamed: dict[str, str] = {}
    forms: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        name = cleaned(label) or label
        new = chosen[name if not fold or len(name) == 1 else _narrow(name).casefold()]
        forms[new].append(label)
        if new != label:
            renamed[label] = new
    return renamed, [finding for name in sorted(forms) for finding in _spelled(name, forms[name])]


def _narrow(text: str) -> str:
    """Return a text with plain letters for those of full width, which Asian keyboards write (``ｃａｔ``)."""
    return "".join(unicodedata.normalize("NFKC", one) if "\uff00" <= one <= "\uffef" else one for one in text)


def _spelled(name: str, forms: Sequence[str]) -> Iterator[Finding]:
    """Yield what is reported of a class with several spellings, or with one that nobody sees as it is."""
    if len(forms) == 1 and composed(forms[0]) == name:
        return
    if len({composed(form) for form in forms}) == 1:
        yield Finding(
            "spelling", Message("the class {name} is spelled in two ways of Unicode; it is one class", name=name)
        )
        return
    clean = {cleaned(form) for form in forms}
    what = Message("in several ways") if len(clean) > 1 else Message("with blanks or letters that nobody sees")
    written = ", ".join(repr(form) if form == cleaned(form) or form.isascii() else ascii(form) for form in forms)
    yield Finding(
        "spelling",
        Message(
            "the class {name} is written {what} ({written}); it is one class", name=name, what=what, written=written
        ),
    )


def alike_finding(classes: Sequence[str]) -> Iterator[Finding]:
    """Yield what is told where classes differ only by blanks, underscores, a plural s, zeros or a letter's case."""
    found = defaultdict(list)
    for name in classes:
        found[_lookalike(name)].append(name)
    groups = [group for group in found.values() if len(group) > 1]
    if groups:
        shown = "; ".join(" and ".join(map(repr, group)) for group in groups[:5]) + ("; ..." if len(groups) > 5 else "")
        yield Finding(
            "alike-classes",
            Message(
                "these classes have names that look alike, and stay separate classes: {shown}. If they mean the "
                "same, give them one name and make the dataset again.",
                shown=shown,
            ),
        )
