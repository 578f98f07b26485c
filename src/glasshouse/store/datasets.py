"""Datasets in the store: looked up, listed, changed, and put into the bin."""

import shutil
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from glasshouse.errors import ConflictError
from glasshouse.store.database import Store
from glasshouse.store.jobs import job_record
from glasshouse.store.owned import (
    Listing,
    change,
    check_change,
    conditions,
    groups,
    missing,
    ordering,
    put_back,
    remove,
)
from glasshouse.store.owned import visible as _visible
from glasshouse.store.records import DatasetRecord, JobState, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = [
    "bin_datasets",
    "change_dataset",
    "count_datasets",
    "dataset_groups",
    "dependants",
    "empty_dataset",
    "get_dataset",
    "list_datasets",
    "note_dataset_made",
    "restore_datasets",
]


def get_dataset(store: Store, dataset_id: str, viewer: UserRecord | None = None) -> DatasetRecord:
    """Return one dataset, in the bin or not.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    with store.read() as connection:
        row = connection.execute(_joined().where(datasets.c.id == dataset_id, _visible(datasets, viewer))).first()
    if row is None:
        raise missing("dataset", dataset_id)
    return _record(row)


def list_datasets(
    store: Store, viewer: UserRecord | None = None, listing: Listing | None = None
) -> list[DatasetRecord]:
    """Return the datasets that ``listing`` asks for, the newest first without it."""
    listing = listing or Listing()
    query = _joined().where(conditions(datasets, viewer, listing)).order_by(ordering(datasets, listing.sort))
    with store.read() as connection:
        return [_record(row) for row in connection.execute(query.limit(listing.limit).offset(listing.offset))]


def count_datasets(store: Store, viewer: UserRecord | None = None, listing: Listing | None = None) -> int:
    """Return how many datasets ``listing`` asks for, whatever its limit."""
    query = select(func.count()).select_from(datasets).where(conditions(datasets, viewer, listing or Listing()))
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def dataset_groups(store: Store, viewer: UserRecord | None = None) -> list[str]:
    """Return the names of the groups of datasets."""
    return groups(store, datasets, viewer)


def change_dataset(
    store: Store, dataset_id: str, changes: dict[str, Any], viewer: UserRecord | None = None
) -> DatasetRecord:
    """Change ``name``, ``notes``, ``group_name`` or ``shared``; give ``revision`` to notice another's change."""
    record = get_dataset(store, dataset_id, viewer)
    check_change(record, viewer)
    change(store, datasets, record, changes)
    return get_dataset(store, dataset_id, viewer)


def dependants(store: Store, dataset_id: str) -> list[tuple[str, str]]:
    """Return (id, name) of the models outside the bin that were, or are to be, trained on the dataset."""
    query = select(models.c.id, models.c.name).where(models.c.dataset_id == dataset_id, models.c.deleted_at.is_(None))
    with store.read() as connection:
        return [(row.id, row.name) for row in connection.execute(query.order_by(models.c.created_at))]


def bin_datasets(
    store: Store, ids: Sequence[str], viewer: UserRecord | None = None, *, even_if_used: bool = False
) -> list[DatasetRecord]:
    """Put datasets into the bin; ``restore_datasets`` is the undo.

    Raises:
        ConflictError: a dataset is still being made, or models depend on it and ``even_if_used`` is False; their names
            are told. While a model is queued or running on it, it stays in any case.
    """
    records = [get_dataset(store, one, viewer) for one in ids]
    for record in records:
        check_change(record, viewer)
        _check_unused(store, record, even_if_used)
    put_back(store, datasets, ids, time.time())
    return records


def restore_datasets(store: Store, ids: Sequence[str], viewer: UserRecord | None = None) -> None:
    """Take datasets out of the bin."""
    for one in ids:
        check_change(get_dataset(store, one, viewer), viewer)
    put_back(store, datasets, ids, None)


def empty_dataset(store: Store, dataset_id: str, viewer: UserRecord | None = None) -> None:
    """Delete a dataset that is in the bin for good, with its files.

    Raises:
        ConflictError: it is not in the bin.
    """
    record = get_dataset(store, dataset_id, viewer)
    check_change(record, viewer)
    if record.deleted_at is None:
        raise ConflictError(f"{record.name} is not in the bin; delete it first.")
    _check_unused(store, record, even_if_used=True)
    shutil.rmtree(store.path(record.folder), ignore_errors=True)
    remove(store, datasets, dataset_id)


def note_dataset_made(store: Store, dataset_id: str, summary: dict[str, Any], size: int) -> None:
    """Keep what a dataset holds once it is made; ``size`` in bytes."""
    pictures = sum(split["count"] for split in summary["splits"].values())
    values = {"fingerprint": summary["fingerprint"], "pictures": pictures, "size": size, "summary": summary}
    with store.write() as connection:
        connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(**values, updated_at=time.time()))


def _check_unused(store: Store, record: DatasetRecord, even_if_used: bool) -> None:
    if record.state is JobState.RUNNING:
        raise ConflictError(f"{record.name} is being made; abort that first.")
    used = dependants(store, record.id)
    query = select(models.c.name).join(jobs, jobs.c.id == models.c.job_id).where(
        models.c.dataset_id == record.id, jobs.c.state.in_([JobState.QUEUED, JobState.RUNNING])
    )  # fmt: skip
    with store.read() as connection:
        live = list(connection.execute(query).scalars())
    if live:
        raise ConflictError(f"{record.name} is in use: {_names(live)} is queued or running on it; abort that first.")
    if used and not even_if_used:
        raise ConflictError(
            f"{record.name} is in use by {_names([name for _, name in used])}. Without it they still predict, and can "
            "no longer be resumed or evaluated. Delete it anyway, or keep it."
        )


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _joined() -> Select[Any]:
    return select(*datasets.c, *jobs.c).join(jobs, jobs.c.id == datasets.c.job_id)


def _record(row: Row[Any]) -> DatasetRecord:
    width = len(datasets.c)
    return DatasetRecord(**dict(zip(datasets.c.keys(), row[:width])), job=job_record(row[width:]))
