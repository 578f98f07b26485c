"""Sources kept open between two looks at them: listed anew only where a folder or a file of them changed."""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.archives.files import read_regular
from glasshouse.data.items import Item, Source
from glasshouse.data.names import composed
from glasshouse.data.samples import sample
from glasshouse.data.sources.source import open_source
from glasshouse.errors import PictureError
from glasshouse.recipe import DatasetRecipe

__all__ = ["Kept", "kept_source", "reader"]

MOST_SOURCES, MOST_ITEMS = 4, 400_000  # what is kept open
MOST_PLACES = 20_000  # folders and files that are looked at for changes; a source of more is listed each time
YOUNG = 2.0  # seconds: a folder changed so shortly before it was listed may change again without a new time

Marks = tuple[tuple[str, int, int, int], ...]


@dataclass
class Kept:
    """An open source; ``marks`` change where a file is added to it, taken away or renamed."""

    source: Source
    marks: Marks
    lasting: bool

    @cached_property
    def by_path(self) -> dict[str, Item]:
        """The items by their path."""
        return {item.path: item for item in self.source.items}

    def current(self) -> bool:
        """Whether the source is still as it was listed."""
        return self.lasting and self.marks == _marks([place for place, *_ in self.marks])


@dataclass
class _Shelf:
    """The sources that were used last."""

    kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str) -> Kept | None:
        with self.lock:
            found = self.kept.get(key)
            if found is not None:
                self.kept.move_to_end(key)
        return found

    def put(self, key: str, kept: Kept) -> None:
        with self.lock:
            self.kept[key] = kept
            self.kept.move_to_end(key)
            while len(self.kept) > MOST_SOURCES or (self._items() > MOST_ITEMS and len(self.kept) > 1):
                self.kept.popitem(last=False)
            if self._items() > MOST_ITEMS:
                self.kept.clear()

    def _items(self) -> int:
        return sum(len(one.source.items) for one in self.kept.values())


_shelf = _Shelf()


def kept_source(recipe: DatasetRecipe, check: Callable[[Sequence[str]], None] | None = None) -> Kept:
    """Return the source of a recipe, listed anew only where it changed; ``check`` may refuse the paths that it names.

    Raises:
        SourceError: nothing can be made of it.
    """
    parts = (recipe.source, recipe.valid_source, recipe.test_source, recipe.labels.model_dump_json())
    key = "\0".join(str(part) for part in parts)
    found = _shelf.find(key)
    if found is not None and found.current():
        if check is not None:
            check(found.source.named)
        return found
    begin = time.time()
    source = open_source(recipe, sample(recipe.source) if recipe.source.startswith("sample:") else None, check)
    marks = _marks(sorted(set(_places(recipe, source))))
    newest = max((changed for _, _, changed, _ in marks), default=0) / 1e9
    kept = Kept(source, marks, lasting=len(marks) <= MOST_PLACES and newest < begin - YOUNG)
    _shelf.put(key, kept)
    return kept


def reader(recipe: DatasetRecipe) -> Callable[[str], bytes | NDArray[np.uint8]]:
    """Return what reads a picture of the source of ``recipe`` by its path; a plain file is read without a listing."""

    def read(path: str) -> bytes | NDArray[np.uint8]:
        plain = Path(recipe.source) / path
        if Path(recipe.source).is_dir() and plain.is_file():
            return read_regular(plain)
        kept = kept_source(recipe)
        item = kept.by_path.get(path) or kept.by_path.get(composed(path))  # older datasets have paths as written
        if item is None:
            raise PictureError("there is no such file any more")
        return kept.source.read(item)

    return read


def _places(recipe: DatasetRecipe, source: Source) -> Iterator[str]:
    """Yield the files and folders whose times tell that the source changed."""
    labels = recipe.labels
    named = [recipe.source, recipe.valid_source, recipe.test_source, labels.labels_file, labels.pictures]
    for place in (Path(name) for name in named if name and not name.startswith("sample:")):
        yield str(place)
        if place.is_dir():
            yield from _folders(str(place))
        elif place.suffix.lower() in (".csv", ".tsv", ".tab", ".txt", ".lst", ".list"):
            base = Path(labels.pictures) if labels.pictures else place.parent
            yield from {str((base / item.path).parent) for item in source.items}


def _folders(root: str) -> Iterator[str]:
    """Yield the folders under ``root``, links followed, each real one once."""
    seen: set[tuple[int, int]] = set()
    for folder, inner, _ in os.walk(root, followlinks=True):
        found = Path(folder).stat()
        if (found.st_dev, found.st_ino) in seen or len(seen) > MOST_PLACES:
            inner.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        yield folder


def _marks(places: list[str]) -> Marks:
    return tuple(_mark(place) for place in places)


def _mark(place: str) -> tuple[str, int, int, int]:
    try:
        found = Path(place).stat()
    except OSError:
        return place, -1, 0, 0
    return place, found.st_ino, found.st_mtime_ns, found.st_size
