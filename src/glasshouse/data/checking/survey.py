"""What reading a source brought: the usable pictures, and why the others are not."""

import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.checking.interpreted import range_findings, time_findings
from glasshouse.data.checking.reading import Failure, Picture, in_order, read_picture, worker_threads
from glasshouse.data.checking.selection import Sample, left_out
from glasshouse.data.checking.spool import Spool
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.values import KINDS, Range, ValueRanges, Values, decide
from glasshouse.data.items import Item, Source
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
    values: Values | None = None
    used: Range | None = None
    dated: str = ""


@dataclass
class Survey:
    """All that was read, in the order of the source; ``failures`` are (path, reason, sha256)."""

    records: list[Record] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    ranges: ValueRanges | None = None

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
    sample = Sample(source.items, recipe)
    chosen = sample.next_round([])
    reader = _Reader(source, recipe, spool, len(chosen))
    result = reader.result
    while chosen:
        yield from reader.read(chosen, Preprocessing.from_recipe(recipe))
        chosen = sample.next_round([record.item for record in result.records])
        reader.total += len(chosen)
    yield from _settle_ranges(reader)
    spool.flush()
    result.records.sort(key=lambda record: record.order)
    result.failures.sort()
    result.warnings += [*left_out(sample, recipe), *range_findings(result.records, result.ranges)]
    result.warnings += time_findings(result.records)
    return result


class _Reader:
    """Reads pictures of a source, by their index, into the spool and a Survey; ``total`` are to be read."""

    def __init__(self, source: Source, recipe: DatasetRecipe, spool: Spool, total: int) -> None:
        self.source, self.recipe, self.spool = source, recipe, spool
        self.result, self.clock = Survey(), Clock("reading", 0)
        self.done, self.total = 0, total

    def read(self, chosen: Iterable[int], ready: Preprocessing) -> Iterator[Progress]:
        """Read some pictures and file them; one of more than 8 bits counts twice, since it may be read again."""

        def work(index: int) -> tuple[int, Picture | Failure]:
            return index, read_picture(self.source, self.source.items[index], self.recipe, ready)

        size = self.recipe.width * self.recipe.height * ready.channels
        for index, picture in in_order(chosen, work, size, worker_threads()):
            _file(self.result, self.spool, self.source.items[index], index, picture)
            self.done += 1
            self.total += ready.ranges is None and isinstance(picture, Picture) and picture.values is not None
            yield from self.clock.tick(self.done, self.total)


def _settle_ranges(reader: _Reader) -> Iterator[Progress]:
    """Decide what is black and white in all pictures of more than 8 bits; read those again that were seen otherwise."""
    result = reader.result
    found = {kind: [v for r in result.records if (v := r.values) is not None and v.kind == kind] for kind in KINDS}
    decided = {kind: decide(values) for kind, values in found.items() if values}
    if not decided:
        return
    result.ranges = ValueRanges(**decided)
    again = {r.order for r in result.records if r.values is not None and r.used != decided[r.values.kind]}
    result.records = [record for record in result.records if record.order not in again]
    reader.done = reader.total - len(again)
    yield from reader.read(sorted(again), Preprocessing.from_recipe(reader.recipe, ranges=result.ranges))


def _file(result: Survey, spool: Spool, item: Item, order: int, picture: Picture | Failure) -> None:
    if isinstance(picture, Failure):
        result.failures.append((item.path, picture.reason, picture.sha256))
        return
    row = len(spool)
    spool.append(picture.row, picture.thumb)
    kept = item if item.time == picture.time else replace(item, time=picture.time)
    facts = (picture.sha256, picture.width, picture.height, picture.sums, picture.values, picture.used, picture.dated)
    result.records.append(Record(kept, order, row, *facts))
