"""What the library says (errors, reasons, findings), in the language of a page: the library itself knows no language.

``texts/<language>/library/*.po`` hold templates: their keys are the English messages with placeholders in braces,
named as in the sources. A message is matched by the template with the most letters of its own; what a placeholder
stands for may be a message again. What matches nothing stays English.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from glasshouse.web.framework.language import library_texts

__all__ = ["PLACEHOLDER", "told"]

PLACEHOLDER = re.compile(r"\{(\w+)\}")
AROUND = (  # what stands before and after a message: "field: message", "; message", "message (12)"
    re.compile(r"([\w.\[\]-]+: )(.+)()", re.S),
    re.compile(r"([\s:;,]+)(.+)()", re.S),
    re.compile(r"()(.+)( \(\d+\))", re.S),
)
LONGEST = 4000  # letters; a longer message (such as a log) is left as it is
DEEPEST = 7
CUTS = 30  # places where two placeholders that touch may be cut
ENDS = 4  # letters at both ends by which templates are looked up


@dataclass(frozen=True)
class Template:
    """An English text in pieces between its placeholders ``names``, and the text that it becomes."""

    pieces: Sequence[str]
    names: Sequence[str]
    text: str

    def parts(self, message: str) -> list[str] | None:
        """Return what the placeholders stand for in ``message``, None where the pieces are not all there in order."""
        first, last = self.pieces[0], self.pieces[-1]
        end = len(message) - len(last)
        if not message.startswith(first) or not message.endswith(last) or end < len(first):
            return None
        found, at = [], len(first)
        for piece in self.pieces[1:-1]:
            place = message.find(piece, at, end)
            if place < 0:
                return None
            found.append(message[at:place])
            at = place + len(piece)
        return [*found, message[at:end]]


@dataclass(frozen=True)
class Told:
    """The texts of a language: whole ones, and templates by their ends ("" where a placeholder stands), best first."""

    whole: dict[str, str]
    by_ends: dict[tuple[str, str], list[Template]]


def told(message: str, language: str) -> str:
    """Return a message of the library in ``language``, or as it is where there is no text for it."""
    found = _told(message, language, 0)
    return message if found is None else found


@lru_cache(maxsize=4096)
def _told(message: str, language: str, depth: int) -> str | None:
    if language == "en" or depth > DEEPEST or len(message) > LONGEST:
        return None
    texts = _templates(language)
    if message in texts.whole:
        return texts.whole[message]
    if " " not in message.strip():
        return None
    found = _filled(texts, message, language, depth) or _in_pieces(message, language, depth)
    if found is None and message[0].isupper():  # some begin with a part that another message has in its middle
        found = _told(message[0].lower() + message[1:], language, depth)
    return found


def _filled(texts: Told, message: str, language: str, depth: int) -> str | None:
    """Return the text of the best template, with its parts told in turn."""
    best: tuple[Template, list[str]] | None = None
    for ends in itertools.product((message[:ENDS], ""), (message[-ENDS:], "")):
        for template in texts.by_ends.get(ends, ()):
            if best is not None and _letters(template) <= _letters(best[0]):
                break
            parts = template.parts(message)
            if parts is not None:
                best = template, parts
                break
    if best is None:
        return None
    parts = _apart(best[0], best[1], language, depth)
    told_parts = [_told(part, language, depth + 1) or part for part in parts]
    known = dict(zip(best[0].names, told_parts, strict=True))
    return PLACEHOLDER.sub(lambda found: known[found[1]], best[0].text)


def _apart(template: Template, parts: list[str], language: str, depth: int) -> list[str]:
    """Return the parts, with the text of two placeholders that touch cut where one of them is a message."""
    parts = list(parts)
    for at in range(len(parts) - 1):
        whole = parts[at] + parts[at + 1]
        if template.pieces[at + 1] or not whole:
            continue
        cuts = [place for place, letter in enumerate(whole) if letter in " ;:,\n" or not place][:CUTS]
        ends = (place for place in cuts if _told(whole[place:], language, depth + 1))
        begins = (place for place in cuts if _told(whole[:place], language, depth + 1))
        cut = next(itertools.chain(ends, begins), len(whole))
        parts[at : at + 2] = whole[:cut], whole[cut:]
    return parts


def _in_pieces(message: str, language: str, depth: int) -> str | None:
    """Return lines and lists with their messages told one by one, and what stands around a message left as it is."""
    if "\n" in message:
        return _one_by_one(message, "\n", language, depth)
    for around in AROUND:
        found = around.fullmatch(message)
        text = _told(found[2], language, depth + 1) if found else None
        if found and text:
            return found[1] + text + found[3]
    return _one_by_one(message, "; ", language, depth) if "; " in message else None


def _one_by_one(message: str, between: str, language: str, depth: int) -> str | None:
    pieces = message.split(between)
    new = [_told(piece, language, depth + 1) for piece in pieces]
    return between.join(one or piece for one, piece in zip(new, pieces, strict=True)) if any(new) else None


@cache
def _templates(language: str) -> Told:
    whole: dict[str, str] = {}
    by_ends: dict[tuple[str, str], list[Template]] = defaultdict(list)
    for english, text in library_texts(language).items():
        pieces = PLACEHOLDER.split(english.lstrip("\n"))  # lines are matched one by one
        if len(pieces) == 1:
            whole[english] = text
        else:
            first, last = (end if len(end) == ENDS else "" for end in (pieces[0][:ENDS], pieces[-1][-ENDS:]))
            by_ends[first, last].append(Template(pieces[::2], pieces[1::2], text.lstrip("\n")))
    for templates in by_ends.values():
        templates.sort(key=_letters, reverse=True)
    return Told(whole, dict(by_ends))


def _letters(template: Template) -> int:
    return sum(map(len, template.pieces))
