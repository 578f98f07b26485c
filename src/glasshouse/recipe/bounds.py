"""How large a document may be that somebody sends: checked before anything walks through it, so that nothing breaks."""

from collections.abc import Mapping
from typing import Any

from glasshouse.errors import Problem
from glasshouse.messages import Message

__all__ = ["DEPTH", "find_excess", "is_deeper"]

DEPTH = 40  # lists and objects within each other
PARTS = 200_000  # values
TEXT = 20_000  # characters
WHOLE = 2**63  # whole numbers are below it


def find_excess(data: Mapping[str, Any]) -> list[Problem]:
    """Return what of a document is too deep, too long or too large, one problem for each of its fields."""
    problems = []
    for field, value in data.items():
        name = str(field)[:80]
        told = _excess(str(field)) or _excess(value)
        if told is not None:
            problems.append(Problem(name, told))
    return problems


def is_deeper(value: Any, most: int = DEPTH) -> bool:
    """Return whether lists and objects lie more than ``most`` deep within each other."""
    level = [value]
    for _ in range(most + 1):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _excess(value: Any) -> str | None:
    level, count = [value], 1
    for _ in range(DEPTH + 1):
        for one in level:
            if (told := _of_one(one)) is not None:
                return told
        level = [inner for one in level for inner in _inside(one)]
        count += len(level)
        if count > PARTS:
            return Message("more than {PARTS} values; give fewer", PARTS=f"{PARTS:,}")
        if not level:
            return None
    return Message("lists and objects more than {DEPTH} deep; nothing here needs that", DEPTH=DEPTH)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, list | tuple) else []


def _of_one(value: Any) -> str | None:
    if isinstance(value, str):
        if len(value) > TEXT:
            return Message(
                "a text of {value} letters; at most {TEXT} can be kept", value=f"{len(value):,}", TEXT=f"{TEXT:,}"
            )
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            return Message("a text with a letter that cannot be kept (U+0000, or half a letter)")
    if isinstance(value, int) and not -WHOLE <= value < WHOLE:
        return Message("a whole number with too many digits; at most 18 can be kept")
    return None
