"""Which pictures of a source are used where the least and the most a class are asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Item
from glasshouse.data.splitting.split import draw
from glasshouse.errors import SourceError
from glasshouse.messages import Message, joined
from glasshouse.recipe import DatasetRecipe

__all__ = ["Sample", "left_out", "too_rare"]


class Sample:
    """A seeded random sample of at most ``max_per_class`` pictures of each class (and of each given split).

    Pictures that turn out to be unusable are replaced: ask ``next_round`` with the usable ones until it is empty.
    """

    def __init__(self, items: Sequence[Item], recipe: DatasetRecipe) -> None:
        self._most = recipe.max_per_class
        self._left: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, item in enumerate(items):
            self._left[_pot(item)].append(index)
        if self._most is not None:
            for ids in self._left.values():
                ids.sort(key=lambda i: draw(recipe.seed, "sample", items[i].path))

    @property
    def rest(self) -> int:
        """How many pictures were not asked for."""
        return sum(len(ids) for ids in self._left.values())

    def next_round(self, usable: Iterable[Item]) -> list[int]:
        """Return the positions of the items to read now, in the order of the source."""
        have = Counter(_pot(item) for item in usable)
        chosen: list[int] = []
        for pot, ids in self._left.items():
            count = len(ids) if self._most is None else max(self._most - have[pot], 0)
            chosen += ids[:count]
            del ids[:count]
        return sorted(chosen)


def left_out(sample: Sample, recipe: DatasetRecipe) -> list[Finding]:
    """Return what is reported of the pictures that the sample left out."""
    if not sample.rest:
        return []
    text = Message(
        "{rest} pictures were not used: at most {max_per_class} per class were requested",
        rest=f"{sample.rest:,}",
        max_per_class=recipe.max_per_class,
    )
    return [Finding("max-per-class", Message("{text}, chosen at random by the seed.", text=text))]


def too_rare(items: Sequence[Item], recipe: DatasetRecipe, reasons: Sequence[str] = ()) -> dict[int, Rejected]:
    """Return the pictures, by position, of classes that have fewer than ``min_per_class``.

    ``reasons`` are why other pictures could not be used; they are reported if nothing is left.

    Raises:
        SourceError: fewer than two classes are left; what there was is reported.
    """
    counts = Counter(item.label for item in items)
    kept = [name for name, count in counts.items() if count >= recipe.min_per_class]
    if len(kept) < 2:
        raise SourceError(_too_few_classes(counts, kept, recipe, reasons))
    return {
        i: Rejected(item.path, _reason(item.label, counts[item.label], recipe))
        for i, item in enumerate(items)
        if counts[item.label] < recipe.min_per_class
    }


def _pot(item: Item) -> tuple[str, str]:
    return item.split or "", item.label


def _reason(label: str, count: int, recipe: DatasetRecipe) -> str:
    pictures = Message("picture" if count == 1 else "pictures")
    return Message(
        "class {label} has {count} usable {pictures}, fewer than the {min_per_class} required per class",
        label=repr(label),
        count=count,
        pictures=pictures,
        min_per_class=recipe.min_per_class,
    )


def _too_few_classes(counts: Counter[str], kept: Sequence[str], recipe: DatasetRecipe, reasons: Sequence[str]) -> str:
    if not counts:
        return Message(
            "No usable picture was found in {source}: there is none, or none could be read. Look at the files: "
            "each must open as a picture (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC).{reasons}",
            source=recipe.source,
            reasons=_commonest(reasons),
        )
    seen = ", ".join(f"{name!r} ({count})" for name, count in sorted(counts.items())[:10])
    return Message(
        "A classifier needs pictures of two classes or more, each with at least {min_per_class} usable ones; "
        "{source} has {kept}. Classes and usable pictures found: {seen}.{reasons}",
        min_per_class=recipe.min_per_class,
        source=recipe.source,
        kept=len(kept),
        seen=seen,
        reasons=_commonest(reasons),
    )


def _commonest(reasons: Sequence[str]) -> str:
    told = joined(
        "; ",
        (
            Message("{reason} ({count})", reason=reason, count=count)
            for reason, count in Counter(reasons).most_common(3)
        ),
    )
    return Message("\nLeft out: {told}", told=told) if told else ""
