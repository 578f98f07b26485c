"""Which single letters a part of a regular expression takes, exactly as Python's ``re`` decides it.

A part is what Python's own parser makes of a letter, a dot or a class such as ``[^\\W\\d]``; nothing is matched here.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = ["is_word", "takes"]

_LAST = 0x110000


def takes(part: tuple[Any, Any], flags: int, letter: str) -> bool:
    """Return whether a part of a parsed pattern, (operation, argument), takes ``letter`` under ``flags``."""
    operation, argument = str(part[0]), part[1]
    if operation == "ANY":
        return bool(flags & re.DOTALL) or letter != "\n"
    if operation == "LITERAL":
        return _among([part], flags, letter)
    if operation == "NOT_LITERAL":
        return not _among([("LITERAL", argument)], flags, letter)
    negated = bool(argument) and str(argument[0][0]) == "NEGATE"
    return _among(argument[negated:], flags, letter) is not negated


def is_word(letter: str, flags: int) -> bool:
    """Return whether ``letter`` is one of those that ``\\w`` takes."""
    return (letter.isalnum() and (letter.isascii() or not flags & re.ASCII)) or letter == "_"


def _among(parts: Sequence[tuple[Any, Any]], flags: int, letter: str) -> bool:
    """Whether one of ``parts`` holds the letter; without case, one of its spellings, as ``re`` compares them."""
    if not flags & re.IGNORECASE:
        return any(_holds(str(kind), argument, ord(letter), flags) for kind, argument in parts)
    low = _lower(letter, flags)
    spellings = _spellings(low, bool(flags & re.ASCII))
    for kind, argument in parts:
        codes = [ord(low)] if str(kind) == "CATEGORY" else spellings
        if any(_holds(str(kind), argument, code, flags) for code in codes):
            return True
    return False


def _holds(kind: str, argument: Any, code: int, flags: int) -> bool:
    if kind == "LITERAL":
        return bool(code == argument)
    if kind == "RANGE":
        return bool(argument[0] <= code <= argument[1])
    name, letter = str(argument).removeprefix("CATEGORY_"), chr(code)
    ascii_only = bool(flags & re.ASCII) and not letter.isascii()
    plain = name.removeprefix("NOT_")
    found = {"WORD": is_word(letter, flags), "DIGIT": letter.isdecimal(), "SPACE": _is_space(letter, flags)}[plain]
    return (found and not ascii_only) is not name.startswith("NOT_")


def _is_space(letter: str, flags: int) -> bool:
    return letter in " \t\n\r\f\v" if flags & re.ASCII else letter.isspace()


def _lower(letter: str, flags: int) -> str:
    if flags & re.ASCII:
        return letter.lower() if letter.isascii() else letter
    return letter.lower()[0]  # only İ becomes two letters, of which re takes the first


@cache
def _spellings(low: str, ascii_only: bool) -> tuple[int, ...]:
    """The code points that count as the small letter ``low`` where case does not count."""
    if ascii_only:
        return (ord(low), ord(low.upper())) if low.isascii() else (ord(low),)
    alike = {low, *_lower_by_upper().get(low.upper(), ())}
    return tuple(sorted({ord(one) for small in alike for one in (small, *_by_lower().get(small, ()))}))


@cache
def _by_lower() -> dict[str, tuple[str, ...]]:
    """The letters that have another small one, by it."""
    found: dict[str, tuple[str, ...]] = {}
    for letter in map(chr, range(_LAST)):
        small = letter.lower()[0]
        if small != letter:
            found[small] = (*found.get(small, ()), letter)
    return found


@cache
def _lower_by_upper() -> dict[str, tuple[str, ...]]:
    """Small letters that share a capital, such as s and ſ, by it."""
    found: dict[str, tuple[str, ...]] = {}
    for letter in map(chr, range(_LAST)):
        capital = letter.upper()
        if letter.lower() == letter and capital != letter:
            found[capital] = (*found.get(capital, ()), letter)
    return {capital: letters for capital, letters in found.items() if len(letters) > 1}
