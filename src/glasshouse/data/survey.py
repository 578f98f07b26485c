"""What reading a source brought: the usable pictures, and why the others are not."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.items import Item, Source
from glasshouse.data.preprocess import Preprocessing
from glasshouse.data.reading import Failure, Picture, in_order, read_picture, worker_threads
from glasshouse.data.selection import Sample, left_out
from glasshouse.data.spool import Spool
from glasshouse.events import Event, Progress
from glasshouse.recipe import DatasetRecipe

__all__ = ["Clock", "Record", "Survey", "survey"]


@dataclass(frozen=True, slots=True)
class Record:
    """A usable picture: the item, its row in the spool, and what is known of it; the pixels are in the spool."""

    item: Item
    order: int
    row: int
    sha256: str
    width: int
    height: int
    sums: NDArray[np.float64]


@dataclass
class Survey:
    """All that was read, in the order of the source; ``failures`` are (path, reason, sha256)."""

    records: list[Record] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    @property
    def rejected(self) -> list[Rejected]:
        """The pictures that could not be used."""
        return [Rejected(path, reason) for path, reason, _ in self.failures]


class Clock:
    """Turns counts into Progress events, at most some a second, with the time left."""

    def __init__(self, stage: str, total: int) -> None:
        self._stage, self._total = stage, total
        self._start = self._last = time.monotonic()

    def tick(self, done: int, total: int | None = None) -> Iterator[Progress]:
        """Yield an event where a fifth of a second passed since the last one, or the work is done."""
        self._total = total or self._total
        now = time.monotonic()
        if done < self._total and now - self._last < 0.2:
            return
        self._last = now
        seconds = now - self._start
        remaining = seconds / done * (self._total - done) if done else None
        yield Progress(self._stage, done, self._total, seconds, remaining)


def survey(source: Source, recipe: DatasetRecipe, spool: Spool) -> Generator[Event, None, Survey]:
    """Read the source into the spool, yielding progress; return what was found."""
    result, sample = Survey(), Sample(source.items, recipe)
    chosen, clock, done = sample.next_round([]), Clock("reading", 0), 0
    ready = Preprocessing.from_recipe(recipe)
    size = recipe.width * recipe.height * ready.channels

    def work(index: int) -> tuple[int, Picture | Failure]:
        return index, read_picture(source, source.items[index], recipe, ready)

    total = len(chosen)
    while chosen:
        for index, picture in in_order(chosen, work, size, worker_threads()):
            _file(result, spool, source.items[index], index, picture)
            done += 1
            yield from clock.tick(done, total)
        chosen = sample.next_round([record.item for record in result.records])
        total += len(chosen)
    spool.flush()
    result.records.sort(key=lambda record: record.order)
    result.failures.sort()
    result.warnings += left_out(sample, recipe)
    return result


def _file(result: Survey, spool: Spool, item: Item, order: int, picture: Picture | Failure) -> None:
    if isinstance(picture, Failure):
        result.failures.append((item.path, picture.reason, picture.sha256))
        return
    row = len(spool)
    spool.append(picture.row, picture.thumb)
    kept = item if item.time == picture.time else replace(item, time=picture.time)
    result.records.append(Record(kept, order, row, picture.sha256, picture.width, picture.height, picture.sums))
