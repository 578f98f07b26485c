"""How values and calls are written: what a careful person would type."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from glasshouse.layers import Initializer, Layer

__all__ = ["call", "call_import", "keyword", "layer_call", "plain", "value"]

WIDTH = 100  # of a line, before a call is broken over several


def value(given: Any) -> str:
    """A value as Python: (3, 3) of a pair is 3, a tuple stays one.

    >>> value((3, 3)), value((1, 2)), value("same")
    ('3', '(1, 2)', '"same"')
    """
    if isinstance(given, str):
        return '"' + given.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(given, Initializer):
        rest = [f"{f.name}={getattr(given, f.name)!r}" for f in fields(given) if getattr(given, f.name) != f.default]
        return (
            f"Initializer({', '.join([value(given.name), *(part for part in rest if not part.startswith('name='))])})"
        )
    if isinstance(given, Mapping):
        return "{" + ", ".join(f"{value(key)}: {value(part)}" for key, part in given.items()) + "}"
    if isinstance(given, tuple) and len(given) == 2 and given[0] == given[1] and not isinstance(given[0], tuple):
        return value(given[0])
    if isinstance(given, tuple):
        return "(" + ", ".join(map(value, given)) + ("," if len(given) == 1 else "") + ")"
    if isinstance(given, list):
        return "[" + ", ".join(map(value, given)) + "]"
    return repr(given)


def plain(given: Any) -> str:
    """A value as Python, pairs written out."""
    if isinstance(given, tuple) and len(given) == 2:
        return f"({value(given[0])}, {value(given[1])})"
    if isinstance(given, Mapping):
        return "{" + ", ".join(f"{value(key)}: {plain(part)}" for key, part in given.items()) + "}"
    return value(given)


def keyword(name: str, given: Any) -> str:
    """``name=value`` for a call that is no layer's."""
    return f"{name}={plain(given)}"


def call(name: str, *parts: str) -> str:
    """A call on one line, or a part a line where that is too long."""
    line = f"{name}({', '.join(parts)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    inside = "".join(f"    {part},\n".replace("\n    ", "\n        ") for part in parts)
    return f"{name}(\n{inside})"


def call_import(home: str, names: list[str]) -> str:
    """An import on one line, or in brackets if it is long."""
    line = f"from {home} import {', '.join(names)}"
    return line if len(line) <= 110 else f"from {home} import (\n    " + ",\n    ".join(names) + ",\n)"


def layer_call(layer: Layer, settings: Mapping[str, Any], name: str | None = None) -> str:
    """A layer as it is typed: what must be given without a word, the rest by name; defaults are left out."""
    needed = {part.name for part in fields(layer) if part.default is MISSING}
    parts = [value(given) if key in needed else f"{key}={value(given)}" for key, given in settings.items()]
    parts += [] if name is None else [f"name={value(name)}"]
    return f"{type(layer).__name__}({', '.join(parts)})"
