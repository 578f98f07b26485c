"""Joining what must stay together: twins, series by a pattern, and groups that a table names."""

from collections.abc import Hashable, Iterable, Sequence

from glasshouse.data.items import Item
from glasshouse.errors import SourceError
from glasshouse.recipe.patterns import Pattern, PatternError

__all__ = ["Joined", "join", "series_keys"]


class Joined:
    """Things by number that are joined two at a time (union-find); a group's root is its lowest number."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, i: int) -> int:
        """Return the lowest number of the group that ``i`` is in."""
        parent = self._parent
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        """Make one group of the groups of ``i`` and ``j``."""
        low, high = sorted((self.root(i), self.root(j)))
        self._parent[high] = low


def join(count: int, *bonds: Sequence[Hashable | None]) -> list[int]:
    """Return a group number for each of ``count`` things; things that share a key of any bond are in one group.

    A group's number is the position of its first member; None binds nothing.
    """
    joined = Joined(count)
    for keys in bonds:
        first: dict[Hashable, int] = {}
        for i, key in enumerate(keys):
            if key is not None:
                joined.join(first.setdefault(key, i), i)
    return [joined.root(i) for i in range(count)]


def series_keys(items: Iterable[Item], pattern: str | None) -> list[tuple[str, str] | None]:
    """Return (class, name of the series) of each picture, by the first group of ``pattern`` searched in its path.

    Raises:
        SourceError: the pattern matches no path at all, or cannot be used.
    """
    items = list(items)
    if pattern is None:
        return [None] * len(items)
    try:
        rule = Pattern(pattern)
    except PatternError as error:
        raise SourceError("the group pattern {pattern} {error}", pattern=repr(pattern[:200]), error=error) from None
    found = [rule.search(item.path) for item in items]
    if items and not any(found):
        raise SourceError(
            "The group pattern {pattern} matches none of {items} paths, such as {path}. Give a regular "
            "expression whose first group names the series.",
            pattern=repr(pattern),
            items=len(items),
            path=repr(items[0].path),
        )
    return [(i.label, m.group(1) or "") if m else None for i, m in zip(items, found)]
