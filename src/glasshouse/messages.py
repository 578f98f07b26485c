"""What the library says to a person: English text that remembers the template and the values it was made of.

>>> said = Message("{path} cannot be read: {reason}", path="pets.zip", reason=Message("not a picture"))
>>> said
'pets.zip cannot be read: not a picture'
>>> said.template, said.values["path"]
('{path} cannot be read: {reason}', 'pets.zip')

A page looks the template up in the catalogue of its language and fills in the values, which may be messages again.
The library itself knows no language. A text without values is its own template.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Self

__all__ = [
    "PLACEHOLDER",
    "Foreign",
    "Message",
    "Option",
    "Value",
    "altered",
    "joined",
    "message_of",
    "parts_of",
    "with_messages",
    "with_parts",
]

PLACEHOLDER = re.compile(r"\{(\w+)\}")
PARTS = "_parts"  # what is added to a key of JSON for the template and the values beside the text
NESTED = 20  # messages within messages that are read back from JSON
DEEPEST = 100  # lists and objects within each other in which messages are looked for


class Foreign(str):
    """What another library or the system said, such as the text of an exception of Pillow; it is never translated."""

    __slots__ = ()


@dataclass(frozen=True)
class Option:
    """An option of the command line that a message advises: ``--lr 0.01``; a page shows its field instead."""

    name: str
    value: "Value | None" = None

    def __str__(self) -> str:
        return f"--{self.name}" if self.value is None else f"--{self.name} {self.value}"


class Message(str):
    """English text, with its ``template`` and ``values``; a value that is not there is a KeyError.

    Values are kept as text, but for numbers, messages, options and foreign texts; an exception is kept as what it
    says. Format a number before, if it is to be rounded: ``loss=f"{loss:.3f}"``.
    """

    template: str
    values: "Mapping[str, Value]"

    def __new__(cls, template: str, /, **values: object) -> Self:
        if isinstance(template, cls) and not values:
            return template
        kept = {name: _kept(value) for name, value in values.items()}
        text = PLACEHOLDER.sub(lambda found: str(kept[found[1]]), template) if kept else template
        made = super().__new__(cls, text)
        made.template, made.values = str.__str__(template), MappingProxyType(kept)
        return made

    def __str__(self) -> "Message":
        return self  # so that str(error) is the message with its parts

    def __add__(self, other: str) -> "Message":
        return joined("", [self, other])

    def __radd__(self, other: str) -> "Message":
        return joined("", [other, self])

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return _made_again, (type(self), self.template, dict(self.values))

    def __deepcopy__(self, memo: object) -> Self:
        return self


Value = str | int | float | Message | Option | Foreign


def _made_again(kind: type[Message], template: str, values: dict[str, Value]) -> Message:
    return kind(template, **values)


def _kept(value: object) -> Value:
    if isinstance(value, Message | Option | Foreign):
        return value
    if isinstance(value, BaseException):
        text = str(value)
        return text if isinstance(text, Message) else Foreign(text)
    if isinstance(value, Enum) and isinstance(value, str):  # a word of ours, such as a job's state
        return Message(str.__str__(value.value))
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value
    return str.__str__(format(value, ""))


def joined(between: str, parts: Iterable[object]) -> Message:
    """Return the parts as one message, each still with its own template.

    >>> joined("; ", [Message("zero bytes"), Message("not a picture")])
    'zero bytes; not a picture'
    """
    values = {str(number): part for number, part in enumerate(parts, 1)}
    return Message(between.join(f"{{{name}}}" for name in values), **values)


def altered(text: str, change: Callable[[str], str]) -> str:
    """Return a text, or a message with all texts among its values, as ``change`` makes it."""
    if not isinstance(text, Message) or not text.values:
        changed = change(text)
        return text if changed == text else changed
    return Message(text.template, **{name: _altered(value, change) for name, value in text.values.items()})


def _altered(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, Foreign):
        return Foreign(change(value))
    return altered(value, change) if isinstance(value, str) else value


def parts_of(text: str | None) -> dict[str, Any] | None:
    """Return template and values of a message as JSON can hold them, None for a text without values."""
    return _as_data(text) if isinstance(text, Message) and text.values else None


def message_of(text: str, parts: object) -> str:
    """Return the message of a text and its :func:`parts_of`; the text alone where they do not make it."""
    made = _value_of(parts, NESTED, len(text)) if isinstance(parts, dict) else None
    return made if isinstance(made, Message) and made == text else text


def with_parts(data: Any) -> Any:
    """Return what JSON can hold, with ``KEY_parts`` beside each ``KEY`` whose text is a message with values.

    The text stays as it is, for scripts. The parts of a list of texts are a list, with null for what has none.

    >>> with_parts({"reason": Message("line {number}", number=3)})
    {'reason': 'line 3', 'reason_parts': {'template': 'line {number}', 'values': {'number': 3}}}
    """
    if isinstance(data, Mapping):
        found: dict[Any, Any] = {}
        for key, value in data.items():
            found[key] = with_parts(value)
            if parts := _parts_beside(value):
                found[f"{key}{PARTS}"] = parts
        return found
    if isinstance(data, list | tuple):
        return [with_parts(one) for one in data]
    return str.__str__(data) if isinstance(data, Message) else data


def with_messages(data: Any) -> Any:
    """Return what :func:`with_parts` gave with its messages again; parts that do not make the text are passed over."""
    return _with_messages(data, DEEPEST)


def _with_messages(data: Any, deepest: int) -> Any:
    if deepest == 0 or not isinstance(data, list | dict):
        return data
    if isinstance(data, list):
        return [_with_messages(one, deepest - 1) for one in data]
    found: dict[Any, Any] = {}
    for key, value in data.items():
        if isinstance(key, str) and key.endswith(PARTS) and key.removesuffix(PARTS) in data:
            continue
        beside = data.get(f"{key}{PARTS}")
        if isinstance(value, list) and isinstance(beside, list) and len(value) == len(beside):
            pairs = zip(value, beside, strict=True)
            found[key] = [_with_message(one, parts, deepest - 1) for one, parts in pairs]
        else:
            found[key] = _with_message(value, beside, deepest - 1)
    return found


def _with_message(value: Any, parts: Any, deepest: int) -> Any:
    return message_of(value, parts) if isinstance(value, str) else _with_messages(value, deepest)


def _parts_beside(value: Any) -> Any:
    if isinstance(value, list | tuple):
        found = [_parts_beside(one) if isinstance(one, str) else None for one in value]
        return found if any(found) else None
    return parts_of(value) if isinstance(value, str) else None


def _as_data(value: Value) -> Any:
    if isinstance(value, Message):
        return {"template": value.template, "values": {name: _as_data(one) for name, one in value.values.items()}}
    if isinstance(value, Foreign):
        return {"foreign": str.__str__(value)}
    if isinstance(value, Option):
        return {"option": value.name, "value": None if value.value is None else _as_data(value.value)}
    return value


def _value_of(data: Any, deepest: int, longest: int) -> Value | None:
    """Return a value from JSON, None if it is none (a file of a run may be anybody's).

    No message in it is longer than ``longest``: one that repeats its values would grow with each within the next.
    """
    match data:
        case str() | int() | float() if not isinstance(data, bool):
            return data
        case {"foreign": str(text)}:
            return Foreign(text)
        case {"option": str(name), **rest} if deepest > 0:
            return Option(name, _value_of(rest.get("value"), deepest - 1, longest))
        case {"template": str(template), "values": dict(values)} if deepest > 0:
            found = {name: _value_of(one, deepest - 1, longest) for name, one in values.items()}
            names = PLACEHOLDER.findall(template) if found else []
            if None in found.values() or not found.keys() >= set(names):
                return None
            whole = sum(len(str(found[name])) for name in names) <= longest
            return Message(template, **found) if whole else None
    return None
