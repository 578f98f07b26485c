"""What a source holds, seen before it is imported: classes, counts, some pictures, problems."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.data.check import Rejected
from glasshouse.data.items import Item, Source
from glasshouse.data.picture import decode
from glasshouse.data.resizing import MODES
from glasshouse.data.samples import sample
from glasshouse.data.source import open_source
from glasshouse.errors import PictureError
from glasshouse.recipe import DatasetRecipe
from glasshouse.web.pictures import data_address, fitted, shrunk

__all__ = ["ClassSeen", "Preview", "look"]

CLASSES, EACH, SIDE = 12, 4, 96


@dataclass(frozen=True)
class ClassSeen:
    """A class: how many pictures it has, and some of them as addresses (path, address)."""

    name: str
    count: int
    pictures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Preview:
    """A source before import; ``looked`` sample pictures were decoded, ``problems`` are what is known so far.

    ``modes`` shows one picture in each way to resize (mode, address), where it is not a square already.
    """

    classes: tuple[ClassSeen, ...]
    count: int
    splits: dict[str, int]
    looked: int
    problems: tuple[Rejected, ...]
    problem_count: int
    warnings: tuple[str, ...]
    modes: tuple[tuple[str, str], ...] = ()

    @property
    def most(self) -> int:
        """The number of pictures in the greatest class."""
        return max((one.count for one in self.classes), default=0)


def look(recipe: DatasetRecipe) -> Preview:
    """Return what the source of ``recipe`` holds; only some pictures a class are decoded.

    Raises:
        SourceError: nothing can be made of the source.
    """
    source = open_source(recipe, sample("sample:digits") if recipe.source == "sample:digits" else None)
    by_class: defaultdict[str, list[Item]] = defaultdict(list)
    for item in source.items:
        by_class[item.label].append(item)
    problems: list[Rejected] = []
    looked, classes = 0, []
    for place, name in enumerate(source.classes or sorted(by_class)):
        if name not in by_class:
            continue
        wanted = _spread(by_class[name], EACH) if place < CLASSES else []
        shown = [(item.path, address) for item in wanted if (address := _sample(source, item, recipe, problems))]
        looked += len(wanted)
        classes.append(ClassSeen(name, len(by_class[name]), tuple(shown)))
    return Preview(
        classes=tuple(classes),
        count=len(source.items),
        splits=_splits(source.items, recipe),
        looked=looked,
        problems=tuple([*problems, *source.rejected][:50]),
        problem_count=len(problems) + len(source.rejected),
        modes=_modes(source, recipe),
        warnings=tuple(finding.message for finding in source.warnings),
    )


def _spread(items: Sequence[Item], most: int) -> list[Item]:
    return [items[k] for k in np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).astype(int)).tolist()]


def _sample(source: Source, item: Item, recipe: DatasetRecipe, problems: list[Rejected]) -> str | None:
    try:
        whole = decode(source.read(item), recipe.color, recipe.pixel_limit)
    except PictureError as error:
        problems.append(Rejected(item.path, str(error)))
        return None
    return data_address(shrunk(fitted(whole, recipe.width, recipe.height, recipe.resize), SIDE))


def _modes(source: Source, recipe: DatasetRecipe) -> tuple[tuple[str, str], ...]:
    for item in _spread(source.items, EACH):
        try:
            whole = decode(source.read(item), recipe.color, recipe.pixel_limit)
        except PictureError:
            continue
        if whole.shape[0] * recipe.width != whole.shape[1] * recipe.height:
            sizes = recipe.width, recipe.height
            return tuple((mode, data_address(shrunk(fitted(whole, *sizes, mode), SIDE))) for mode in MODES)
    return ()


def _splits(items: Sequence[Item], recipe: DatasetRecipe) -> dict[str, int]:
    """Return about how many pictures each split gets: the source's own word, else the recipe's fractions."""
    told = Counter(item.split for item in items if item.split)
    if told and recipe.split in ("auto", "folder", "list"):
        return {name: told[name] for name in ("train", "val", "test") if told[name]}
    val, test = round(len(items) * recipe.valid), round(len(items) * recipe.test)
    parts = {"train": len(items) - val - test, "val": val, "test": test}
    return {name: count for name, count in parts.items() if count}
