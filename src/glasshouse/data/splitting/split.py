"""Dealing pictures out to train, val and test: seeded, stratified, and never through the middle of a group."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from glasshouse.data.items import Item
from glasshouse.data.splitting.quotas import Quota, quotas
from glasshouse.errors import SourceError
from glasshouse.messages import Message, Option, joined
from glasshouse.recipe import DatasetRecipe

__all__ = ["deal", "draw", "split_mode"]

_SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class _Unit:
    """Pictures that stay together: their positions among the items, and how many each class has in it."""

    members: tuple[int, ...]
    counts: dict[str, int]
    home: str
    draw: int


@dataclass
class _Table:
    """What each class still needs on each side, and has there already."""

    quotas: dict[str, Quota]
    have: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def need(self, name: str, side: str) -> int:
        return int(getattr(self.quotas[name], side)) - self.have[name, side]

    def put(self, unit: _Unit, side: str, sign: int = 1) -> None:
        for name, count in unit.counts.items():
            self.have[name, side] += sign * count


def draw(seed: int, purpose: str, path: str) -> int:
    """Return a random 64-bit number that depends on nothing but its arguments.

    So a picture that is added to a source changes the order of no other pictures.
    """
    text = f"{seed}\0{purpose}\0{path}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def split_mode(items: Iterable[Item], recipe: DatasetRecipe) -> str:
    """Return how the pictures are split; ``auto`` is the source's own way if it has one, else ``random``."""
    given = any(item.split is not None for item in items)
    if recipe.split == "auto":
        return "folder" if given else "random"
    if recipe.split in ("folder", "list") and not given:
        raise SourceError(
            "The split is to be taken from the source ({split}), but {source} has no train, val or test split. "
            "Bring such folders or a split column, or use {way}.",
            split=recipe.split,
            source=recipe.source,
            way=Option("split", "random"),
        )
    return recipe.split


def deal(items: Sequence[Item], groups: Sequence[int], recipe: DatasetRecipe) -> list[str]:
    """Return the side of each picture: ``train``, ``val`` or ``test``.

    Pictures with the same number in ``groups`` stay in the same subset. ``random`` deals groups first, the largest
    first, each to the side that misses most of its share; single pictures then fill every class to its exact quota
    (largest remainder). ``ordered`` and ``time`` give the last (newest) groups of each class to test, those before to
    val.
    ``folder`` and ``list`` keep the sides that the source gives, and deal a missing one out of its training pictures.

    Raises:
        SourceError: a class has too few groups to have some on each side; all such classes are named.
    """
    mode = split_mode(items, recipe)
    if mode not in ("folder", "list"):
        return _deal(items, groups, recipe, mode)
    sides = [item.split or "train" for item in items]
    wanted = {"valid": 0.0 if "val" in sides else recipe.valid, "test": 0.0 if "test" in sides else recipe.test}
    pool = [i for i, side in enumerate(sides) if side == "train"]
    inner = _deal([items[i] for i in pool], [groups[i] for i in pool], recipe.replace(**wanted), "random")
    for i, side in zip(pool, inner):
        sides[i] = side
    _check_given(items, sides)
    return sides


def _deal(items: Sequence[Item], groups: Sequence[int], recipe: DatasetRecipe, mode: str) -> list[str]:
    units = _units(items, groups, recipe.seed)
    sides = [""] * len(items)
    dealt = _deal_random(units, recipe) if mode == "random" else _deal_last(units, _ranks(items, mode), recipe)
    _check(units, dealt, recipe)
    for unit, side in zip(units, dealt):
        for member in unit.members:
            sides[member] = side
    return sides


def _units(items: Sequence[Item], groups: Sequence[int], seed: int) -> list[_Unit]:
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    return [
        _Unit(
            tuple(ids),
            dict(Counter(items[i].label for i in ids)),
            items[ids[0]].label,
            min(draw(seed, "split", items[i].path) for i in ids),
        )
        for ids in members.values()
    ]


def _deal_random(units: Sequence[_Unit], recipe: DatasetRecipe) -> list[str]:
    counts: Counter[str] = Counter()
    for unit in units:
        counts.update(unit.counts)
    table = _Table(quotas(counts, recipe.valid, recipe.test))
    sides = [""] * len(units)
    for index in sorted(range(len(units)), key=lambda i: (-len(units[i].members), units[i].draw)):
        unit = units[index]
        sides[index] = _best_side(unit, table) if len(unit.members) > 1 else _next_side(unit, table)
        table.put(unit, sides[index])
    _repair(units, sides, table, recipe)
    return sides


def _next_side(unit: _Unit, table: _Table) -> str:
    return next((side for side in ("test", "val") if table.need(unit.home, side) > 0), "train")


def _best_side(unit: _Unit, table: _Table) -> str:
    """Return the side where the group brings the counts nearest to the quotas: least Σ (need² / quota)."""

    def cost(side: str) -> tuple[float, int]:
        total = 0.0
        for name, count in unit.counts.items():
            need = table.need(name, side)
            total += ((need - count) ** 2 - need**2) / max(getattr(table.quotas[name], side), 0.25)
        return total, sum(table.have[name, side] for name in unit.counts)

    return min(_SIDES, key=cost)


def _repair(units: Sequence[_Unit], sides: list[str], table: _Table, recipe: DatasetRecipe) -> None:
    """Move a smallest group to a side that a class has nothing on, if that empties no other side."""
    needed = ["train", *(["val"] if recipe.valid > 0 else [])]
    for name in table.quotas:
        for side in needed:
            if table.have[name, side] > 0:
                continue
            movable = [i for i, u in enumerate(units) if name in u.counts and _spare(u, sides[i], table, needed)]
            if movable:
                index = min(movable, key=lambda i: (len(units[i].members), units[i].draw))
                table.put(units[index], sides[index], -1)
                table.put(units[index], side)
                sides[index] = side


def _spare(unit: _Unit, side: str, table: _Table, needed: Sequence[str]) -> bool:
    return side not in needed or all(table.have[name, side] > count for name, count in unit.counts.items())


def _ranks(items: Sequence[Item], mode: str) -> Callable[[_Unit], tuple[float, int]]:
    """Return where a group is in order: by its first picture, or by its oldest."""
    if mode == "ordered":
        return lambda unit: (0.0, min(unit.members))
    times = [item.time for item in items]
    if None in times:
        path = items[times.index(None)].path
        raise SourceError(
            "Pictures cannot be split by time: {path} has no time. Use {way} or ordered.",
            path=path,
            way=Option("split", "random"),
        )
    return lambda unit: (min(times[i] or 0.0 for i in unit.members), min(unit.members))


def _deal_last(units: Sequence[_Unit], rank: Callable[[_Unit], tuple[float, int]], recipe: DatasetRecipe) -> list[str]:
    homes: dict[str, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        homes[unit.home].append(index)
    sizes = {name: sum(len(units[i].members) for i in ids) for name, ids in homes.items()}
    wanted = quotas(sizes, recipe.valid, recipe.test)
    sides = ["train"] * len(units)
    for name, ids in homes.items():
        left = sorted(ids, key=lambda i: rank(units[i]))
        for side in ("test", "val"):
            _take_last(units, left, sides, side, getattr(wanted[name], side))
    return sides


def _take_last(units: Sequence[_Unit], left: list[int], sides: list[str], side: str, wanted: int) -> None:
    taken = 0
    while len(left) > 1 and taken < wanted:
        size = len(units[left[-1]].members)
        if taken and taken + size - wanted > wanted - taken:
            return
        sides[left.pop()] = side
        taken += size


def _check(units: Sequence[_Unit], sides: Sequence[str], recipe: DatasetRecipe) -> None:
    have: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for unit, side in zip(units, sides):
        for name, count in unit.counts.items():
            have[name, side] += count
            total[name] += count
    needed = ["train", *(["val"] if recipe.valid > 0 else [])]
    poor = sorted(name for name in total if any(not have[name, side] for side in needed))
    if poor:
        raise SourceError(_too_few(units, poor, total, needed))


def _too_few(units: Sequence[_Unit], poor: Sequence[str], total: Counter[str], needed: Sequence[str]) -> str:
    groups = Counter(name for unit in units for name in unit.counts)
    lines = [
        Message("  {name}: {total} pictures in {groups} groups", name=name, total=total[name], groups=groups[name])
        for name in poor[:20]
    ]
    more = [Message("  and {poor} more", poor=len(poor) - 20)] if len(poor) > 20 else []
    return joined(
        "\n",
        [
            Message(
                "{poor} classes have too few pictures to split into {needed} (pictures that look the same, or belong "
                "to one group, stay together):",
                poor=len(poor),
                needed=" and ".join(needed),
            ),
            *lines,
            *more,
            Message(
                "Add pictures, leave such classes out with {least}, or use {part}.",
                least=Option("min-per-class", max(total[n] for n in poor) + 1),
                part=Option("valid", 0),
            ),
        ],
    )


def _check_given(items: Sequence[Item], sides: Sequence[str]) -> None:
    trained = {item.label for item, side in zip(items, sides) if side == "train"}
    poor = sorted({item.label for item in items} - trained)
    if poor:
        raise SourceError(
            "Nothing to learn from: the training set has no usable picture of {repr}. Add some, or take the "
            "class out of the validation and test sets.",
            repr=", ".join(map(repr, poor[:10])),
        )
