"""What is told about a source: pictures that cannot be used, and what is odd."""

from dataclasses import asdict, dataclass

__all__ = ["Finding", "Rejected"]


@dataclass(frozen=True)
class Rejected:
    """A file that is left out: its path in the source, and the reason as a person reads it."""

    path: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the words of ``dataset create --json``."""
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """Something odd that stops nothing: ``kind`` is a short word for programs, ``message`` the sentence."""

    kind: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """Return the words of ``dataset create --json``."""
        return asdict(self)
