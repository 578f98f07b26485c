"""JSON documents that are kept: read with distrust, and with a checksum of what they hold inside of them."""

import json
import math
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glasshouse.messages import Message

__all__ = ["CHECKSUM", "checksum_fault", "parse_object", "read_object", "with_checksum"]

CHECKSUM = "checksum"  # the key; its value is "crc32:" and eight hexadecimal digits
_LOOK = re.compile(r"crc32:[0-9a-f]{8}")
DEPTH = 64  # of lists and objects in each other; no document of ours has more than about ten


def parse_object(text: str | bytes, *, finite: bool = True) -> dict[str, Any]:
    """Return the JSON object that ``text`` is; without ``finite`` it may hold NaN and infinities.

    Raises:
        ValueError: it is no JSON object, names one key twice, is nested deeply or holds numbers that are not finite;
            the text says which, for a sentence such as "dataset.json: ...".
    """
    try:
        data = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    if not isinstance(data, dict):
        raise ValueError(Message("expected a JSON object, got {kind}", kind=type(data).__name__))
    _check_values(data, finite)
    return data


def read_object(file: Path, *, finite: bool = True) -> dict[str, Any]:
    """Return the JSON object in ``file``; see ``parse_object``.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else.
    """
    return parse_object(file.read_bytes(), finite=finite)


def with_checksum(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``data`` with the checksum of all else that it holds as its last key."""
    rest = {name: value for name, value in data.items() if name != CHECKSUM}
    return {**rest, CHECKSUM: _checksum(rest)}


def checksum_fault(data: Mapping[str, Any]) -> str | None:
    """Return how a document differs from what was written; None if it is whole or has no checksum."""
    told = data.get(CHECKSUM)
    if told is None:
        lost = next((name for name, value in data.items() if isinstance(value, str) and _LOOK.fullmatch(value)), None)
        return None if lost is None else Message("its checksum is called {name}", name=repr(lost[:40]))
    found = _checksum({name: value for name, value in data.items() if name != CHECKSUM})
    return (
        None
        if told == found
        else Message("its checksum is {found}, it was written with {told}", found=found, told=str(told)[:40])
    )


def _checksum(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"crc32:{zlib.crc32(text.encode()):08x}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(Message("it has the key {twice} twice", twice=repr(twice[:80])))
    return data


def _check_values(data: dict[str, Any], finite: bool) -> None:
    level: list[Any] = [data]
    for _ in range(DEPTH):
        inner: list[Any] = []
        for part in level:
            for value in part.values() if isinstance(part, dict) else part:
                if isinstance(value, dict | list):
                    inner.append(value)
                elif finite and isinstance(value, float) and not math.isfinite(value):
                    raise ValueError("it holds a number that is not finite (NaN or infinity)")
        if not inner:
            return
        level = inner
    raise ValueError(Message("it is nested more than {DEPTH} deep", DEPTH=DEPTH))
