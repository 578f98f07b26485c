"""The pictures of a dataset at another size, read from its source again: the same labels, splits and groups."""

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from glasshouse.data.check import Finding, Rejected
from glasshouse.data.checking.spool import Spool
from glasshouse.data.checking.survey import Record, survey
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.items import Item, Listed, Source
from glasshouse.data.preparing.reuse import source_marks
from glasshouse.data.preparing.staging import install, staging, way_between
from glasshouse.data.preparing.writing import Draft, write_dataset
from glasshouse.data.sources.source import open_source
from glasshouse.data.splitting.twins import Twins
from glasshouse.data.stored.class_names import CLASS_NAMES
from glasshouse.data.stored.manifest import read_manifest
from glasshouse.errors import DatasetError
from glasshouse.events import Event

__all__ = ["resized"]


def resized(dataset: Dataset, width: int, height: int, place: Path) -> Generator[Event, None, Dataset]:
    """Yield progress and return ``dataset`` at ``width`` by ``height`` pixels, made in the folder ``place``.

    The pictures are read from the source again, so none is scaled twice; they stand in the same rows of the same
    splits. An opening of its sealed test split is written down at ``dataset``. One that is at ``place`` is used again.

    Raises:
        SourceError: the source is no longer there.
        DatasetError: its pictures are no longer the same, or the place is taken.
    """
    if (place / "dataset.json").exists() and _is_of(dataset, place):
        return open_dataset(place)
    recipe = dataset.recipe.replace(width=width, height=height)
    with staging(place) as folder:
        rows = _rows_of(dataset)
        source = open_source(recipe)
        kept = _Kept(source, [replace(i, label=rows[i.path].label) for i in source.items if i.path in rows])
        with Spool(folder) as spool:
            found = yield from survey(kept, recipe.replace(max_per_class=None), spool)
            _check_same(dataset, rows, found.records)
            records = _ordered(dataset, found.records) if recipe.edits else found.records
            draft = Draft(
                recipe=recipe, records=records, sides=[rows[r.item.path].side for r in records],
                classes=dataset.classes,
                counted=bool(recipe.edits) or list(dataset.classes) != sorted(dataset.classes),
                twins=_twins(dataset, records), groups=[rows[r.item.path].group for r in records],
                failures=[], warnings=dataset.warnings, source=source_marks(recipe, source), ranges=dataset.ranges,
                of=(dataset.fingerprint, way_between(place, dataset.path)),
            )  # fmt: skip
            yield from write_dataset(draft, spool, folder)
        if (dataset.path / CLASS_NAMES).exists():
            shutil.copy2(dataset.path / CLASS_NAMES, folder / CLASS_NAMES)
        install(folder, place)
    return open_dataset(place)


@dataclass(frozen=True)
class _Row:
    """Where a picture of the dataset is, and what is known of it."""

    side: str
    label: str
    sha256: str
    group: int


@dataclass(frozen=True)
class _Kept:
    """A source of which only ``items`` are read: those that the dataset has."""

    whole: Source
    items: Sequence[Item]
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    classes: list[str] | None = None
    named: Sequence[str] = ()

    def read(self, item: Item) -> bytes | np.ndarray:
        return self.whole.read(item)

    def listing(self) -> list[Listed]:
        return self.whole.listing()


def _is_of(dataset: Dataset, place: Path) -> bool:
    told = read_manifest(place).get("resized_of")
    return isinstance(told, Mapping) and told.get("fingerprint") == dataset.fingerprint


def _rows_of(dataset: Dataset) -> dict[str, _Row]:
    return {
        path: _Row(name, dataset.classes[label], sha256, group) for name, split in dataset.splits.items()
        for path, label, sha256, group in zip(split.paths, split.labels.tolist(), split.sha256, split.groups.tolist())
    }  # fmt: skip


def _check_same(dataset: Dataset, rows: Mapping[str, _Row], records: Sequence[Record]) -> None:
    """Refuse a source whose pictures changed since the dataset was made."""
    told = {record.item.path: (record.item.label, record.sha256) for record in records}
    same = {path for path, row in rows.items() if told.get(path) == (row.label, row.sha256)}
    found = {name: [r.item.path for r in records if rows[r.item.path].side == name] for name in dataset.splits}
    moved = any(list(split.paths) != found[name] for name, split in dataset.splits.items())
    if same != set(rows) or (moved and not dataset.recipe.edits):
        raise DatasetError("{count} of the {whole} pictures of {path} are no longer in its source as they were",
                           count=len(rows) - len(same), whole=len(rows), path=dataset.path)  # fmt: skip


def _ordered(dataset: Dataset, records: Sequence[Record]) -> list[Record]:
    """Return the records in the order of the rows of an edited dataset, in which pictures have moved."""
    by_path = {record.item.path: record for record in records}
    return [by_path[path] for split in dataset.splits.values() for path in split.paths]


def _twins(dataset: Dataset, records: Sequence[Record]) -> Twins:
    known = {twin.path: twin for twin in dataset.twins}
    found = [known.get(record.item.path) for record in records]
    groups = tuple(None if twin is None else twin.group for twin in found)
    equal = tuple(twin.group if twin is not None and twin.kind == "equal" else None for twin in found)
    return Twins(groups, equal)
