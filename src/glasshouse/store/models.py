"""Models (runs) in the store: looked up, listed, changed, and put into the bin."""

import time
from typing import Any

from sqlalchemy import ColumnElement, Join, Row, Select, and_, func, select, update

from glasshouse.store.database import Store
from glasshouse.store.jobs import as_seen, job_record
from glasshouse.store.ownership import (
    Listing,
    conditions,
    groups,
    missing,
    sorting,
    visible,
)
from glasshouse.store.paging import Page, page_of
from glasshouse.store.records import JobKind, ModelRecord, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = [
    "count_models",
    "get_model",
    "list_models",
    "model_groups",
    "note_scores",
    "page_of_models",
]


def get_model(store: Store, model_id: str, viewer: UserRecord | None = None) -> ModelRecord:
    """Return one model, in the bin or not.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    with store.read() as connection:
        row = connection.execute(_joined(viewer).where(models.c.id == model_id, visible(models, viewer))).first()
    if row is None:
        raise missing("model", model_id)
    return _record(row, viewer)


def list_models(
    store: Store,
    viewer: UserRecord | None = None,
    listing: Listing | None = None,
    *,
    dataset_id: str | None = None,
    search_id: str | None = None,
    job_kind: JobKind | None = None,
) -> list[ModelRecord]:
    """Return the models that ``listing`` asks for, the newest first without it; ``dataset_id``: only those on it.

    The candidates of a search are listed with its ``search_id`` alone, and in the bin; ``job_kind``: only those that
    such a job makes.
    """
    listing = listing or Listing()
    order = sorting(models, listing.sort)
    ways = [way.desc() if order.falling else way.asc() for way in (order.key, order.tie)]
    query = _joined(viewer).where(_conditions(viewer, listing, dataset_id, search_id)).order_by(*ways)
    if job_kind is not None:
        query = query.where(jobs.c.kind == job_kind)
    with store.read() as connection:
        return [_record(row, viewer) for row in connection.execute(query.limit(listing.limit).offset(listing.offset))]


def page_of_models(
    store: Store, viewer: UserRecord | None, listing: Listing, *, dataset_id: str | None = None,
    search_id: str | None = None,
) -> Page[ModelRecord]:  # fmt: skip
    """Return a page of what ``listing`` asks for, with the marks of the pages before and after it."""
    query = _joined(viewer).where(_conditions(viewer, listing, dataset_id, search_id))
    with store.read() as connection:
        found = page_of(connection, query, sorting(models, listing.sort), after=listing.after,
                        before=listing.before, limit=listing.limit)  # fmt: skip
    return Page([_record(row, viewer) for row in found.items], found.before, found.after)


def count_models(
    store: Store,
    viewer: UserRecord | None = None,
    listing: Listing | None = None,
    *,
    dataset_id: str | None = None,
    search_id: str | None = None,
) -> int:
    """Return how many models ``listing`` asks for, whatever its limit; ``dataset_id``: only those on it."""
    listing = listing or Listing()
    query = select(func.count()).select_from(_source(viewer)).where(_conditions(viewer, listing, dataset_id, search_id))
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def model_groups(store: Store, viewer: UserRecord | None = None) -> list[str]:
    """Return the names of the groups of models."""
    return groups(store, models, viewer)


def note_scores(store: Store, model_id: str, scores: dict[str, Any]) -> None:
    """Add or change entries of a model's ``scores``."""
    with store.write() as connection:
        held = connection.execute(select(models.c.scores).where(models.c.id == model_id)).scalar() or {}
        query = update(models).where(models.c.id == model_id)
        connection.execute(query.values(scores={**held, **scores}, updated_at=time.time()))


def _conditions(
    viewer: UserRecord | None, listing: Listing, dataset_id: str | None, search_id: str | None
) -> ColumnElement[bool]:
    found = [conditions(models, viewer, listing, models.c.network, func.coalesce(datasets.c.name, ""))]
    if dataset_id is not None:
        found.append(models.c.dataset_id == dataset_id)
    if search_id is not None:
        found.append(models.c.search_id == search_id)
    elif not listing.binned:
        found.append(models.c.search_id.is_(None))
    return and_(*found)


def _source(viewer: UserRecord | None) -> Join:
    """Return models with their jobs, and with those of their datasets whose name ``viewer`` may see."""
    seen = and_(datasets.c.id == models.c.dataset_id, visible(datasets, viewer))
    return models.join(jobs, jobs.c.id == models.c.job_id).outerjoin(datasets, seen)


def _joined(viewer: UserRecord | None) -> Select[Any]:
    return select(*models.c, *jobs.c, datasets.c.name.label("dataset_name")).select_from(_source(viewer))


def _record(row: Row[Any], viewer: UserRecord | None) -> ModelRecord:
    width = len(models.c)
    fields = dict(zip(models.c.keys(), row[:width]))
    job = as_seen(job_record(row[width : width + len(jobs.c)]), viewer)
    return ModelRecord(**fields, job=job, dataset_name=row[width + len(jobs.c)])
