"""What a field of a layer may hold: a rule takes what was given and returns it in its one form, or says what is wrong.

filters: int = rule(count)                  needed
strides: Pair = rule(pair, default=1)       3 or (3, 3), held as (3, 3)
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field
from typing import Any, SupportsFloat, TypeAlias, TypeGuard, TypeVar, dataclass_transform

from glasshouse.errors import NetworkError
from glasshouse.messages import Message

__all__ = [
    "Maybe", "OneOf", "Pair", "amount", "axis", "count", "factor", "flag", "layer_class", "name", "no_attribute",
    "number", "one_of", "optional", "pads", "pair", "pair_of_numbers", "rule", "shape", "share",
]  # fmt: skip

T = TypeVar("T")
MOST = 2**31 - 1  # of what counts units, filters, pixels: more than any array can hold
Pair: TypeAlias = Any  # 3 or (3, 3): rows and columns; held as a tuple of two


def rule(check: Callable[[Any], Any], *, default: Any = MISSING, kw_only: bool = False) -> Any:
    """A field of a layer with its rule; ``kw_only`` fields are given by name only."""
    return field(default=default, metadata={"rule": check}, kw_only=kw_only)


@dataclass_transform(field_specifiers=(rule,), frozen_default=True, eq_default=False)
def layer_class(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of a layer's settings; two layers are the same only where they are one object."""
    made = dataclass(frozen=True, eq=False)(cls)
    setattr(made, "__setattr__", _set)  # noqa: B010  (instead of a refusal that names no way out)
    return made


def _set(self: Any, name: str, value: Any) -> None:
    """Set ``trainable``, the one thing of a layer that changes."""
    if name == "trainable":
        type(self).trainable.fset(self, value)
    elif name in self.__dataclass_fields__:
        raise NetworkError(
            "{name} of {who} is fixed; make a layer with another one: {kind}({name}={value})",
            name=name,
            who=self.who,
            kind=type(self).__name__,
            value=_shown(value),
        )
    else:
        raise NetworkError(no_attribute(type(self).__name__, name, ["trainable", *self.__dataclass_fields__]))


def no_attribute(kind: str, name: str, known: Sequence[str]) -> Message:
    """What to say of an attribute that is set and does not exist."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return Message("{kind} has no {name} to set; did you mean {close}?", kind=kind, name=name, close=close[0])
    return Message("{kind} has no {name} to set; it has {known}", kind=kind, name=name, known=", ".join(known))


def count(value: object) -> int:
    """A whole number from 1 on."""
    if isinstance(value, bool) or not _is_whole(value) or value < 1:
        raise ValueError(Message("expected a whole number from 1 on, got {value}", value=_shown(value)))
    if value > MOST:
        raise ValueError(
            Message("expected a whole number of at most {MOST}, got {value}", MOST=f"{MOST:,}", value=_shown(value))
        )
    return int(value)


def axis(value: object) -> int:
    """The number of an axis; negative ones count from the end."""
    if isinstance(value, bool) or not _is_whole(value):
        raise ValueError(Message("expected the number of an axis, got {value}", value=_shown(value)))
    return int(value)


def number(value: object) -> float:
    """Any finite number."""
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        raise ValueError(Message("expected a number, got {value}", value=_shown(value)))
    try:
        found = float(value)
    except OverflowError:
        found = float("inf")
    if not abs(found) < float("inf"):
        raise ValueError(Message("expected a finite number, got {value}", value=_shown(value)))
    return found


def amount(value: object) -> float:
    """A number from 0 on."""
    found = number(value)
    if found < 0:
        raise ValueError(Message("expected a number from 0 on, got {value}", value=_shown(value)))
    return found


def share(value: object) -> float:
    """A share, from 0 on and below 1."""
    found = number(value)
    if not 0 <= found < 1:
        raise ValueError(Message("expected a share from 0 on and below 1, got {value}", value=_shown(value)))
    return found


def flag(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError(Message("expected True or False, got {value}", value=_shown(value)))
    return value


def name(value: object) -> str:
    """A name that can be in a file: letters, digits, ``_``, ``-``; no slash, no point."""
    if not isinstance(value, str) or not value or not value.replace("_", "a").replace("-", "a").isalnum():
        raise ValueError(Message("expected a name of letters, digits, _ and -, got {value}", value=_shown(value)))
    return value


def pair(value: object) -> tuple[int, int]:
    """One whole number from 1 on, or two of them: rows and columns."""
    values: tuple[Any, ...] = tuple(value) if isinstance(value, list | tuple) else (value, value)
    if len(values) != 2 or not all(_is_whole(v) and 1 <= v <= MOST for v in values):
        raise ValueError(
            Message("expected a whole number from 1 on, or a pair of them, got {value}", value=_shown(value))
        )
    return int(values[0]), int(values[1])


def pads(value: object) -> tuple[tuple[int, int], tuple[int, int]]:
    """1, or (rows, columns), or ((top, bottom), (left, right))."""
    sides: Any = (value, value) if _is_whole(value) else value
    if isinstance(sides, list | tuple) and len(sides) == 2:
        both = [(side, side) if _is_whole(side) else side for side in sides]
        if all(isinstance(side, list | tuple) and len(side) == 2 for side in both):
            (top, bottom), (left, right) = both
            if all(_is_whole(v) and 0 <= v <= MOST for v in (top, bottom, left, right)):
                return (int(top), int(bottom)), (int(left), int(right))
    raise ValueError(Message("expected 1, (1, 1) or ((top, bottom), (left, right)), got {value}", value=_shown(value)))


def shape(value: object) -> tuple[int, ...]:
    """Lengths of axes; one may be -1 and is worked out."""
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not all(_is_whole(v) and (1 <= v <= MOST or v == -1) for v in values) or values.count(-1) > 1:
        raise ValueError(Message("expected lengths of axes, at most one of them -1, got {value}", value=_shown(value)))
    return tuple(int(v) for v in values)


def factor(value: object) -> float | tuple[float, float]:
    """A number f for -f to f, or a pair (lowest, highest)."""
    if isinstance(value, list | tuple) and len(value) == 2 and number(value[0]) <= number(value[1]):
        return float(value[0]), float(value[1])
    return amount(value)


def pair_of_numbers(value: object) -> tuple[float, float]:
    """A pair (lowest, highest)."""
    if not isinstance(value, list | tuple) or len(value) != 2 or not number(value[0]) < number(value[1]):
        raise ValueError(Message("expected a pair (lowest, highest), got {value}", value=_shown(value)))
    return float(value[0]), float(value[1])


@dataclass(frozen=True)
class OneOf:
    """One of several words."""

    words: tuple[str, ...]

    def __call__(self, value: object) -> str:
        if value not in self.words:
            raise ValueError(
                Message("expected {message}, got {item}", message=" or ".join(self.words), item=_shown(value))
            )
        return str(value)


@dataclass(frozen=True)
class Maybe:
    """None, or what another rule takes."""

    rule: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        return None if value is None else self.rule(value)


def one_of(*words: str) -> OneOf:
    """One of several words."""
    return OneOf(words)


def optional(check: Callable[[Any], Any]) -> Maybe:
    """None, or what another rule takes."""
    return Maybe(check)


def _shown(value: object) -> str:
    """A value as messages have it: its beginning."""
    if isinstance(value, int) and not -(10**40) < value < 10**40:
        return Message("a whole number of more than 40 digits")
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _is_whole(value: object) -> TypeGuard[int]:
    return not isinstance(value, bool) and (isinstance(value, int) or hasattr(value, "__index__"))
