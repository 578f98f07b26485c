"""A checksum inside of a safetensors file, in its metadata: of all of its bytes, with zeros where it stands."""

import json
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from glasshouse.integrity.documents import CHECKSUM
from glasshouse.messages import Message

__all__ = ["BLANK", "tensors_fault", "tensors_metadata", "with_tensors_checksum"]

BLANK = "crc32:00000000"  # what the metadata's "checksum" must be when a file is made
_PIECE = 4 * 2**20
_HEAD_LIMIT = 100_000_000  # safetensors' own limit


def with_tensors_checksum(data: bytes) -> tuple[bytes, memoryview]:
    """Return the file ``data``, made with ``{"checksum": BLANK}`` in its metadata, with its checksum, in two pieces."""
    end = 8 + int.from_bytes(data[:8], "little")
    head, rest = data[:end], memoryview(data)[end:]
    found = zlib.crc32(rest, zlib.crc32(head))
    return head.replace(_entry(BLANK), _entry(f"crc32:{found:08x}"), 1), rest


def tensors_fault(file: Path, known: Collection[str] = ()) -> tuple[str | None, bool]:
    """Verify a safetensors file: return what is wrong (None: nothing is known to be), and whether it has a checksum.

    Where ``known`` is given, other keys of its metadata are wrong too: a damaged key must not hide the checksum.

    Raises:
        OSError: it cannot be read.
    """
    try:
        head = _head(file)
        data = _metadata(head)
    except ValueError as error:
        return str(error), False
    odd = [key for key in data if known and key not in known and key != CHECKSUM]
    if odd:
        return Message("its metadata has the unknown key {odd}", odd=repr(odd[0][:80])), CHECKSUM in data
    told = data.get(CHECKSUM)
    if told is None:
        return None, False
    found = zlib.crc32(head.replace(_entry(told), _entry(BLANK), 1))
    with file.open("rb") as stream:
        stream.seek(len(head))
        while piece := stream.read(_PIECE):
            found = zlib.crc32(piece, found)
    if told == f"crc32:{found:08x}":
        return None, True
    return Message(
        "its checksum is crc32:{found}, it was written with {told}", found=f"{found:08x}", told=told[:40]
    ), True


def tensors_metadata(file: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file, unverified; of its tensors nothing is read.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    return _metadata(_head(file))


def _entry(value: str) -> bytes:
    return json.dumps({CHECKSUM: value}, separators=(",", ":"))[1:-1].encode()


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        size = file.stat().st_size
        start = stream.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(size - 8, _HEAD_LIMIT):
            raise ValueError(Message("it is cut off, or no safetensors file ({size} bytes)", size=f"{size:,}"))
        return start + stream.read(length)


def _metadata(head: bytes) -> dict[str, str]:
    try:
        data: Any = json.loads(head[8:])
    except (ValueError, RecursionError):
        raise ValueError("its head cannot be read") from None
    found = data.get("__metadata__", {}) if isinstance(data, dict) else {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("its metadata cannot be read")
    return found
