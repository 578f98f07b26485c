"""What pydantic says of a wrong value, as messages with template and values."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticKnownError

from glasshouse.messages import Foreign, Message

__all__ = ["EXPECTED", "pydantic_message"]

EXPECTED = "Input should be "


def pydantic_message(error: Mapping[str, Any]) -> str:
    """Return the message of one entry of ``ValidationError.errors()``, without the words ``Input should be``.

    A text of pydantic that is not the one its type and context make is kept as it is, as a foreign one.
    """
    said, context = str(error["msg"]), dict(error.get("ctx") or {})
    try:
        template = PydanticKnownError(error["type"], context or None).message_template
    except (KeyError, TypeError, ValueError):
        return Foreign(said.removeprefix(EXPECTED))
    values = {name: _words(value) if name == "expected" else value for name, value in context.items()}
    for plural in ("s", ""):
        made = Message(template, **values, expected_plural=plural) if values else Message(template)
        if made == said:
            shorter = template.removeprefix(EXPECTED)
            return Message(shorter, **made.values)
    return Foreign(said.removeprefix(EXPECTED))


def _words(text: object) -> object:
    """Return a list of words such as ``'a', 'b' or 'c'`` as a message, so that its last comma is translated too."""
    these, between, last = str(text).rpartition("' or '")
    return Message("'{these}' or '{last}'", these=these[1:], last=last[:-1]) if between else text
