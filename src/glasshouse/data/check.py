"""What is told about a source: pictures that cannot be used, and what is odd."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from glasshouse.messages import message_of, with_parts

__all__ = ["REASON_OF_LINE", "Finding", "Rejected", "findings_of", "reason_of"]

REASON_OF_LINE = "{line}: {reason}"  # why a line of a table or a list gives no picture


@dataclass(frozen=True)
class Rejected:
    """A file that is left out: its path in the source, and the reason as a person reads it."""

    path: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the words of ``dataset create --json``."""
        found: dict[str, Any] = with_parts(asdict(self))
        return found


@dataclass(frozen=True)
class Finding:
    """Something odd that stops nothing: ``kind`` is a short word for programs, ``message`` the sentence."""

    kind: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return the words of ``dataset create --json``."""
        found: dict[str, Any] = with_parts(asdict(self))
        return found


def findings_of(manifest: Mapping[str, Any]) -> list[Finding]:
    """Return the findings in ``dataset.json``; their messages have parts where ``warning_parts`` are beside them."""
    entries = manifest["warnings"]
    parts = manifest.get("warning_parts")
    beside = parts if isinstance(parts, list) and len(parts) == len(entries) else [None] * len(entries)
    return [Finding(one["kind"], message_of(one["message"], part)) for one, part in zip(entries, beside, strict=True)]


def reason_of(row: Mapping[str, str]) -> str:
    """Return the reason in a row of ``rejected.csv``, a message where ``reason_parts`` are beside it."""
    try:
        return message_of(row["reason"], json.loads(row.get("reason_parts") or "null"))
    except (ValueError, RecursionError):
        return row["reason"]
