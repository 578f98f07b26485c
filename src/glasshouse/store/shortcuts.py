"""What the shortcut alarm left for the pages, and the accuracy with a region hidden."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glasshouse.errors import MissingError
from glasshouse.integrity.documents import checksum_fault, read_object
from glasshouse.messages import with_messages

__all__ = ["read_hidden", "read_shortcuts"]


def read_shortcuts(run: Path, split: str) -> dict[str, Any] | None:
    """Return what the alarm found on a split, as ``glasshouse shortcuts --json``; None if it was not run."""
    found = _read(run / "explanations" / f"shortcuts-{split}.json")
    return found and dict(with_messages(found))


def read_hidden(run: Path, split: str, box: Sequence[int]) -> dict[str, Any] | None:
    """Return the accuracy with ``box`` hidden beside the one without; None if it was not measured."""
    return _read(run / "explanations" / f"hidden-{split}-{'-'.join(map(str, box))}.json")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = read_object(file)
    except (OSError, ValueError, MissingError):
        return None
    return found if checksum_fault(found) is None else None
