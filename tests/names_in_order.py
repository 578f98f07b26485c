"""The order of public names in ``__all__``, which is that of ruff (RUF022)."""

import re

__all__ = ["by_kind"]


def by_kind(name: str) -> tuple[int, list[object]]:
    """Constants come first, then classes, then functions, each by the alphabet with numbers as numbers."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
