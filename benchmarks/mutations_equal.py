"""Faults that change nothing anyone could see, by module and by what is changed; each with the reason."""

__all__ = ["EQUAL"]

EQUAL: dict[tuple[str, str], str] = {}
