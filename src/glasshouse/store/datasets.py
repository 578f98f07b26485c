"""Datasets in the store: looked up, listed, changed, and put into the bin."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from glasshouse.errors import ConflictError
from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.discretion import may_see_places, recipe_as_seen
from glasshouse.store.jobs import as_seen, job_record
from glasshouse.store.ownership import (
    Listing,
    conditions,
    groups,
    missing,
    sorting,
)
from glasshouse.store.ownership import visible as _visible
from glasshouse.store.paging import Page, page_of
from glasshouse.store.records import DatasetRecord, JobState, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = [
    "Uses",
    "check_unused",
    "count_datasets",
    "count_models_on",
    "dataset_groups",
    "dependants",
    "get_dataset",
    "list_datasets",
    "note_dataset_made",
    "page_of_datasets",
    "uses_of",
]


@dataclass(frozen=True)
class Uses:
    """What needs a dataset: (id, name) of the models outside the bin that a person may see, and of those that are
    queued or running; ``others``: there are models that they may not see; ``working``: one of all is queued or running.
    """

    models: tuple[tuple[str, str], ...]
    live: tuple[tuple[str, str], ...]
    others: bool
    working: bool

    def __bool__(self) -> bool:
        return bool(self.models or self.others)


def get_dataset(store: Store, dataset_id: str, viewer: UserRecord | None = None) -> DatasetRecord:
    """Return one dataset, in the bin or not.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    with store.read() as connection:
        row = connection.execute(_joined().where(datasets.c.id == dataset_id, _visible(datasets, viewer))).first()
    if row is None:
        raise missing("dataset", dataset_id)
    return _record(row, viewer)


def list_datasets(
    store: Store, viewer: UserRecord | None = None, listing: Listing | None = None
) -> list[DatasetRecord]:
    """Return the datasets that ``listing`` asks for, the newest first without it."""
    listing = listing or Listing()
    order = sorting(datasets, listing.sort)
    ways = [way.desc() if order.falling else way.asc() for way in (order.key, order.tie)]
    query = _joined().where(conditions(datasets, viewer, listing)).order_by(*ways)
    with store.read() as connection:
        return [_record(row, viewer) for row in connection.execute(query.limit(listing.limit).offset(listing.offset))]


def page_of_datasets(store: Store, viewer: UserRecord | None, listing: Listing) -> Page[DatasetRecord]:
    """Return a page of what ``listing`` asks for, with the marks of the pages before and after it."""
    query = _joined().where(conditions(datasets, viewer, listing))
    with store.read() as connection:
        found = page_of(connection, query, sorting(datasets, listing.sort), after=listing.after,
                        before=listing.before, limit=listing.limit)  # fmt: skip
    return Page([_record(row, viewer) for row in found.items], found.before, found.after)


def count_datasets(store: Store, viewer: UserRecord | None = None, listing: Listing | None = None) -> int:
    """Return how many datasets ``listing`` asks for, whatever its limit."""
    listing = listing or Listing()
    source = datasets.join(jobs, jobs.c.id == datasets.c.job_id) if listing.states else datasets
    query = select(func.count()).select_from(source).where(conditions(datasets, viewer, listing))
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def dataset_groups(store: Store, viewer: UserRecord | None = None) -> list[str]:
    """Return the names of the groups of datasets."""
    return groups(store, datasets, viewer)


def dependants(store: Store, dataset_id: str, viewer: UserRecord | None = None) -> list[tuple[str, str]]:
    """Return (id, name) of the models outside the bin that were, or are to be, trained on the dataset.

    Only those that ``viewer`` may see are named; ``check_unused`` looks at all.
    """
    query = select(models.c.id, models.c.name).where(models.c.dataset_id == dataset_id, models.c.deleted_at.is_(None))
    query = query.where(_visible(models, viewer), models.c.search_id.is_(None))
    with store.read() as connection:
        return [(row.id, row.name) for row in connection.execute(query.order_by(models.c.created_at))]


def count_models_on(store: Store, ids: Sequence[str], viewer: UserRecord | None = None) -> dict[str, int]:
    """Return for each dataset how many models outside the bin depend on it, of those that ``viewer`` may see."""
    query = select(models.c.dataset_id, func.count()).group_by(models.c.dataset_id)
    query = query.where(models.c.dataset_id.in_(ids), models.c.deleted_at.is_(None), _visible(models, viewer))
    query = query.where(models.c.search_id.is_(None))
    with store.read() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def note_dataset_made(store: Store, dataset_id: str, summary: dict[str, Any], size: int) -> None:
    """Keep what a dataset holds once it is made; ``size`` in bytes."""
    pictures = sum(split["count"] for split in summary["splits"].values())
    values = {"fingerprint": summary["fingerprint"], "pictures": pictures, "size": size, "summary": summary}
    with store.write() as connection:
        connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(**values, updated_at=time.time()))


def uses_of(
    store: Store, record: DatasetRecord, viewer: UserRecord | None = None, besides: Collection[str] = ()
) -> Uses:
    """Return what needs the dataset; models in ``besides`` go with it, and do not count."""
    query = select(models.c.id, models.c.name, jobs.c.state, _visible(models, viewer).label("seen"))
    query = query.join(jobs, jobs.c.id == models.c.job_id).order_by(models.c.created_at)
    query = query.where(models.c.dataset_id == record.id, models.c.deleted_at.is_(None), models.c.search_id.is_(None))
    with store.read() as connection:
        used = [row for row in connection.execute(query) if row.id not in besides]
    live = [row for row in used if JobState(row.state).live]
    return Uses(
        tuple((row.id, row.name) for row in used if row.seen),
        tuple((row.id, row.name) for row in live if row.seen),
        any(not row.seen for row in used),
        bool(live),
    )


def check_unused(store: Store, record: DatasetRecord, viewer: UserRecord | None = None, *, even_if_used: bool) -> None:
    """Refuse to lose a dataset that is needed.

    Raises:
        ConflictError: it is being made, or models depend on it: those that ``viewer`` may see are named.
    """
    if record.state.live:
        raise ConflictError("{name} is being made; abort that first.", name=record.name)
    uses = uses_of(store, record, viewer)
    if uses.working:
        raise ConflictError(
            "{name} is in use: {live} is queued or running on it; abort that first.",
            name=record.name,
            live=_names(uses.live, uses.others),
        )
    if uses and not even_if_used:
        raise ConflictError(
            "{name} is in use by {models}. Without it they still predict, and can no longer be resumed or "
            "evaluated. Delete it anyway, or keep it.",
            name=record.name,
            models=_names(uses.models, uses.others),
        )


def _names(named: Sequence[tuple[str, str]], others: bool) -> str:
    names = [name for _, name in named]
    told = ", ".join(names[:5]) + (Message(" and {problems} more", problems=len(names) - 5) if len(names) > 5 else "")
    return " and ".join(filter(None, [told, Message("a model of somebody else") if others else ""]))


def _joined() -> Select[Any]:
    return select(*datasets.c, *jobs.c).join(jobs, jobs.c.id == datasets.c.job_id)


def _record(row: Row[Any], viewer: UserRecord | None) -> DatasetRecord:
    width = len(datasets.c)
    values = dict(zip(datasets.c.keys(), row[:width]))
    if not may_see_places(values["owner_id"], viewer):
        values["recipe"] = recipe_as_seen(values["recipe"])
    return DatasetRecord(**values, job=as_seen(job_record(row[width:]), viewer))
