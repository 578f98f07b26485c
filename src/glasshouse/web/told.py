"""What the library says (errors, reasons, findings), in the language of a page: the library itself knows no language.

``texts/<language>/library/*.po`` hold templates: their keys are the English messages with placeholders in braces,
named as in the sources. A message is matched by the template with the most letters of its own; what a placeholder
stands for may be a message again. What matches nothing stays English.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from markupsafe import Markup

from glasshouse.web.language import library_texts

__all__ = ["PLACEHOLDER", "marked", "told"]

PLACEHOLDER = re.compile(r"\{(\w+)\}")
FIELD = re.compile(r"([\w.\[\]-]+): (.+)", re.S)
LONGEST = 4000  # letters; a longer message (such as a log) is left as it is
DEEPEST = 4
HEAD = 4  # letters by which templates are looked up


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
    """The templates of a language: whole texts, and the others by their first letters, most letters of their own first."""

    whole: dict[str, str]
    by_head: dict[str, list[Template]]


def told(message: str, language: str) -> str:
    """Return a message of the library in ``language``, or as it is where there is no text for it."""
    found = _told(message, language, 0)
    return message if found is None else found


def marked(message: object, language: str) -> Markup:
    """Return :func:`told` as HTML, escaped; what stays English on a page of another language is marked as such."""
    text = str(message)
    found = text if language == "en" else _told(text, language, 0)
    return Markup('<span lang="en">{}</span>').format(text) if found is None else Markup.escape(found)


@lru_cache(maxsize=4096)
def _told(message: str, language: str, depth: int) -> str | None:
    if language == "en" or depth > DEEPEST or len(message) > LONGEST:
        return None
    texts = _templates(language)
    if message in texts.whole:
        return texts.whole[message]
    if " " not in message.strip():
        return None
    return _filled(texts, message, language, depth) or _by_lines(message, language, depth)


def _filled(texts: Told, message: str, language: str, depth: int) -> str | None:
    """Return the text of the best template, with its parts told in turn."""
    best: tuple[Template, list[str]] | None = None
    for head in (message[:HEAD], ""):
        for template in texts.by_head.get(head, ()):
            if best is not None and _letters(template) <= _letters(best[0]):
                break
            parts = template.parts(message)
            if parts is not None:
                best = template, parts
                break
    if best is None:
        return None
    parts = [_told(part, language, depth + 1) or part for part in best[1]]
    known = dict(zip(best[0].names, parts, strict=True))
    return PLACEHOLDER.sub(lambda found: known[found[1]], best[0].text)


def _by_lines(message: str, language: str, depth: int) -> str | None:
    """Return several lines told one by one, and a line such as ``field: message`` with its message told."""
    if "\n" in message:
        lines = [_told(line, language, depth + 1) for line in message.split("\n")]
        return "\n".join(new or old for new, old in zip(lines, message.split("\n"), strict=True)) if any(lines) else None
    rest = message.lstrip()
    found = FIELD.fullmatch(rest)
    text = _told(found[2], language, depth + 1) if found else None
    return f"{message[: len(message) - len(rest)]}{found[1]}: {text}" if found and text else None


@cache
def _templates(language: str) -> Told:
    whole: dict[str, str] = {}
    by_head: dict[str, list[Template]] = defaultdict(list)
    for english, text in library_texts(language).items():
        pieces = PLACEHOLDER.split(english)
        if len(pieces) == 1:
            whole[english] = text
        else:
            head = pieces[0][:HEAD] if len(pieces[0]) >= HEAD else ""
            by_head[head].append(Template(pieces[::2], pieces[1::2], text))
    for templates in by_head.values():
        templates.sort(key=_letters, reverse=True)
    return Told(whole, dict(by_head))


def _letters(template: Template) -> int:
    return sum(map(len, template.pieces))
