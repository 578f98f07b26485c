"""A new version of a dataset: its stored pictures with edits applied, none of them decoded again."""

from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.check import findings_of, reason_of
from glasshouse.data.checking.survey import Record
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.editing.applying import First, edited_draft
from glasshouse.data.editing.given import Given, edits_given
from glasshouse.data.editing.sealed import note_test_changes, take_over_openings
from glasshouse.data.items import Item
from glasshouse.data.preparing.reuse import inspect, is_whole, replaced
from glasshouse.data.preparing.staging import install, staging, way_between
from glasshouse.data.preparing.writing import Draft, draft_fingerprint, write_dataset
from glasshouse.data.splitting.twins import Twins
from glasshouse.data.stored.class_names import write_names
from glasshouse.data.stored.manifest import read_manifest, verified_file
from glasshouse.data.stored.rows import Split
from glasshouse.data.stored.spreadsheet import rows_in
from glasshouse.errors import DamagedDatasetError, DatasetError
from glasshouse.events import DatasetReady, Event, Notice
from glasshouse.recipe.edits import Edit

__all__ = ["edit_dataset", "prepare_version"]

_NO_SUMS: NDArray[np.float64] = np.zeros((2, 3))


def edit_dataset(
    dataset: Dataset | str | Path,
    edits: Given,
    out: str | Path,
    *,
    by: str = "",
    why: str = "",
    report: Callable[[Event], None] | None = None,
) -> Dataset:
    """Make a new version of ``dataset`` in the folder ``out`` and open it.

    ``edits`` are a CSV file (``path`` or ``sha256``, and ``label``, ``exclude``, ``split``), or a list: mappings with
    these keys, mappings with ``class_name`` and ``label`` (another name, or that of another class, which joins them),
    ``exclude`` or ``description``, or ``Edit`` objects. ``by`` and ``why`` are kept with them.

    Raises:
        InputError: an edit fits nothing, contradicts another, or they change nothing.
        DatasetError: see ``prepare_version``.
    """
    whole = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    found, findings = edits_given(whole, edits, by, why)
    notices = (Notice(finding.kind, finding.message) for finding in findings)
    for event in chain(notices, prepare_version(whole, found, out)):
        if report is not None:
            report(event)
    return open_dataset(out)


def prepare_version(
    dataset: Dataset, edits: Sequence[Edit], out: str | Path, person: str | None = None
) -> Generator[Event, None, None]:
    """Make ``dataset`` with ``edits`` anew at ``out``, telling progress, notices, and ``DatasetReady`` last.

    The recipe of the version holds the edits, so it can also be made from the source; that has the same fingerprint.
    ``person`` is written down where the sealed test split changes. The same version that is at ``out`` is used again.

    Raises:
        DatasetError: nothing is left to learn from, ``out`` holds something else or is the dataset itself, or the
            dataset is one of pictures at another size.
    """
    place = Path(out).absolute()
    _check(dataset, place)
    manifest = read_manifest(dataset.path)
    recipe = dataset.recipe.replace(edits=[*dataset.recipe.edits, *edits])
    draft = edited_draft(_draft_of(dataset, manifest), edits, recipe, _first(dataset, manifest, place))
    standing = inspect(place)
    if standing is not None and standing.fingerprint == draft_fingerprint(draft) and _stands(place):
        yield DatasetReady(str(place), standing.fingerprint, reused=True)
        return
    for finding in draft.warnings:
        if finding not in dataset.warnings:
            yield Notice(finding.kind, finding.message)
    with staging(place) as folder:
        take_over_openings(dataset, folder)
        fingerprint = yield from write_dataset(draft, _Stored(dataset), folder)
        note_test_changes(folder, draft, person)
        write_names(folder, {name: text for name, text in dataset.class_names.items() if name in draft.classes})
        if standing is not None:
            yield from replaced(standing, fingerprint, folder, standing.damaged)
        install(folder, place)
    yield DatasetReady(str(place), fingerprint, reused=False)


def _check(dataset: Dataset, place: Path) -> None:
    own = dataset.path.resolve()
    if place.resolve() == own or place.resolve().is_relative_to(own):
        raise DatasetError("{out} is the dataset itself, which stays as it is. Choose another folder.", out=place)
    if "resized_of" in read_manifest(dataset.path):
        raise DatasetError(
            "The dataset at {path} has the pictures of another dataset at another size. Edit that one.",
            path=dataset.path,
        )


def _stands(place: Path) -> bool:
    try:
        return is_whole(open_dataset(place), thorough=True)
    except DamagedDatasetError:
        return False


def _first(dataset: Dataset, manifest: Mapping[str, Any], place: Path) -> First:
    parent = {"fingerprint": dataset.fingerprint, "path": way_between(place, dataset.path)}
    order = [str(name) for name in manifest.get("class_order", dataset.classes)]
    return First(parent, list(dataset.mean), list(dataset.std), order, manifest.get("descriptions", {}))


def _draft_of(dataset: Dataset, manifest: Mapping[str, Any]) -> Draft:
    """Return the dataset as if it were to be written; a record's row counts through the splits."""
    records: list[Record] = []
    sides: list[str] = []
    groups: list[int] = []
    for side, split in dataset.splits.items():
        labels = [dataset.classes[label] for label in split.labels.tolist()]
        rows = zip(split.paths, labels, split.sha256, split.sizes.tolist())
        for path, label, sha256, (width, height) in rows:
            number = len(records)
            records.append(Record(Item(path, label), number, number, sha256, width, height, _NO_SUMS))
        sides += [side] * len(labels)
        groups += _groups(split, len(groups))
    rejected = rows_in(verified_file(dataset.path, "rejected.csv", manifest).decode())
    return Draft(
        recipe=dataset.recipe, records=records, sides=sides, classes=dataset.classes, twins=_twins(dataset, records),
        groups=groups, failures=[(row["path"], reason_of(row), row["sha256"]) for row in rejected],
        warnings=findings_of(manifest), source=dict(manifest.get("source", {})), ranges=dataset.ranges,
    )  # fmt: skip


def _groups(split: Split, before: int) -> list[int]:
    """Return the groups; of datasets that did not keep them, numbers that no other split has."""
    shift = 0 if split.keeps_groups else 2**40 * (before + 1)
    return [group + shift for group in split.groups.tolist()]


def _twins(dataset: Dataset, records: Sequence[Record]) -> Twins:
    known = {twin.path: twin for twin in dataset.twins}
    found = [known.get(record.item.path) for record in records]
    equal: dict[tuple[int, str], int] = {}
    marks = [None if twin is None or twin.kind != "equal" else equal.setdefault((twin.group, r.sha256), len(equal))
             for twin, r in zip(found, records)]  # fmt: skip
    return Twins(tuple(None if twin is None else twin.group for twin in found), tuple(marks))


class _Stored:
    """The stored pictures of a dataset, by a number that counts through its splits."""

    def __init__(self, dataset: Dataset) -> None:
        self._splits = list(dataset.splits.values())
        self._starts = np.cumsum([0, *(len(split) for split in self._splits)])

    def batches(
        self, parts: Sequence[Sequence[int]], row_bytes: int | None
    ) -> Generator[NDArray[np.uint8] | list[bytes], None, None]:
        """Yield the rows of each part, as they are stored."""
        for part in parts:
            yield self._encoded(part) if row_bytes is None else self._raw(np.asarray(part, np.int64), row_bytes)

    def _raw(self, rows: NDArray[np.int64], row_bytes: int) -> NDArray[np.uint8]:
        out = np.empty((len(rows), row_bytes), np.uint8)
        for split, start in zip(self._splits, self._starts.tolist()):
            here = np.flatnonzero((rows >= start) & (rows < start + len(split)))
            if len(here):
                out[here] = split.rows(rows[here] - start).reshape(len(here), row_bytes)
        return out

    def _encoded(self, rows: Sequence[int]) -> list[bytes]:
        places = np.searchsorted(self._starts, np.asarray(rows), side="right") - 1
        return [self._splits[k].encoded(row - int(self._starts[k])) for k, row in zip(places.tolist(), rows)]
