"""Sections of a card that came later: each is put in once, in the place of an earlier one of its title."""

import re
from collections.abc import Sequence

from glasshouse.messages import Message, joined

__all__ = ["with_section", "without_section"]

NEXT = re.compile(r"\n\n(?=## )")


def with_section(card: str, section: Sequence[str]) -> Message:
    """Return a card with a section: its title, which begins with ``## ``, and its paragraphs; a new one is the last."""
    parts = _parts(card)
    begin, end = _place(parts, section[0])
    return _card([*parts[:begin], *section, *parts[end:]])


def without_section(card: str, title: str) -> str:
    """Return a card without the section of this title; one that has none stays as it is."""
    parts = _parts(card)
    begin, end = _place(parts, title)
    return card if begin == end else _card(parts[:begin] + parts[end:])


def _parts(card: str) -> list[str]:
    """Return the paragraphs of a card that is a message, the sections of a text."""
    if isinstance(card, Message) and len(card.values) == 2 and isinstance(body := card.values["1"], Message):
        return [one for one in body.values.values() if isinstance(one, str)]
    text = str.__str__(card).rstrip("\n")
    return NEXT.split(text) if text else []


def _place(parts: Sequence[str], title: str) -> tuple[int, int]:
    """Return where the section of this title begins and ends; the end of the card where there is none."""
    begin = next((n for n, part in enumerate(parts) if part.partition("\n")[0] == title), len(parts))
    end = next((n for n in range(begin + 1, len(parts)) if parts[n].startswith("## ")), len(parts))
    return begin, end


def _card(parts: Sequence[str]) -> Message:
    return joined("", [joined("\n\n", parts), "\n"])
