"""Names as they are kept and looked for: composed Unicode (NFC), found however they are spelled."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_

from glasshouse.data.names import composed

__all__ = ["containing", "entered", "spellings"]


def entered(text: str) -> str:
    """Return a name, note or group as it is kept: composed, without blanks around it."""
    return composed(text).strip()


def containing(search: str, columns: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """Yield for each word of ``search`` the condition that one of ``columns`` holds it, in any case and spelling."""
    for word in search.replace("\0", " ").split():
        forms = spellings(word)
        yield or_(*(func.lower(one).contains(form, autoescape=True) for one in columns for form in forms))


def spellings(word: str) -> list[str]:
    """Return how a word may be kept, for databases that lower the case of plain letters only and compare bytes."""
    plain = composed(word)
    cases = {plain.lower()} if plain.isascii() else {plain.lower(), plain, plain.upper(), plain.capitalize()}
    return sorted({unicodedata.normalize(form, one) for one in cases for form in ("NFC", "NFD")})
