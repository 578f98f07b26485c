"""What datasets, models and networks have in common: looked up by kind, put into the bin and back, deleted, aborted."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete, update

from glasshouse.errors import ConflictError, MissingError
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.datasets import check_unused, get_dataset
from glasshouse.store.jobs import abort_job, resume_job
from glasshouse.store.models import get_model, list_models
from glasshouse.store.networks import change_network, get_network
from glasshouse.store.ownership import Listing, change, check_change
from glasshouse.store.records import DatasetRecord, JobRecord, ModelRecord, NetworkRecord, OwnedRecord, UserRecord
from glasshouse.store.searches import search_folder
from glasshouse.store.tables import datasets, models, networks

__all__ = [
    "GET",
    "TABLES",
    "abort_resource",
    "bin_resources",
    "change_resource",
    "delete_resource",
    "get_resource",
    "kind_of",
    "move_to_bin",
    "restore_resources",
    "resume_resource",
]

TABLES: Mapping[str, Table] = {"dataset": datasets, "model": models, "network": networks}
GET: Mapping[str, Callable[[Store, str, UserRecord | None], OwnedRecord]] = {
    "dataset": get_dataset, "model": get_model, "network": get_network,
}  # fmt: skip
MOST = 10_000  # candidates of a search
KINDS: Mapping[type, str] = {DatasetRecord: "dataset", ModelRecord: "model", NetworkRecord: "network"}


def kind_of(record: OwnedRecord) -> str:
    """Return ``dataset``, ``model`` or ``network``."""
    return KINDS[type(record)]


def get_resource(store: Store, kind: str, key: str, viewer: UserRecord | None = None) -> OwnedRecord:
    """Return the dataset, model or network ``key``, in the bin or not.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    if kind not in GET:
        raise MissingError("There is nothing at /{kind}s.", kind=kind)
    return GET[kind](store, key, viewer)


def change_resource(
    store: Store, record: OwnedRecord, changes: Mapping[str, Any], user: UserRecord | None = None
) -> None:
    """Change ``name``, ``notes``, ``group_name`` or ``shared``; give ``revision`` to notice another's change.

    Raises:
        RefusedError: ``user`` may not change it.
        RecipeError: a field is wrong, or cannot be changed.
        ConflictError: somebody else changed it meanwhile.
    """
    if isinstance(record, NetworkRecord):
        change_network(store, record.id, changes, user)
    else:
        check_change(record, user)
        change(store, TABLES[kind_of(record)], record, changes, user=user)


def bin_resources(
    store: Store, records: Sequence[OwnedRecord], user: UserRecord | None = None, *, even_if_used: bool = False
) -> None:
    """Put them into the bin, all or none; ``restore_resources`` is the undo. A network's models stay as they are.

    Raises:
        RefusedError: ``user`` may not change one of them.
        ConflictError: one is being made or trained, or models depend on a dataset and ``even_if_used`` is False; their
            names are listed. While a model is queued or running on it, a dataset stays in any case.
    """
    for record in [_now(store, one, user) for one in records]:
        check_change(record, user)
        if isinstance(record, DatasetRecord):
            check_unused(store, record, user, even_if_used=even_if_used)
        elif isinstance(record, ModelRecord) and record.state.live:
            raise ConflictError("{name} is {state}; abort it first.", name=record.name, state=record.state)
    move_to_bin(store, records, user)


def move_to_bin(store: Store, records: Sequence[OwnedRecord], user: UserRecord | None) -> float:
    """Put into the bin what is not in it, unasked, in one transaction; return the moment that is kept with them."""
    now = time.time()
    with store.write() as connection:
        for record in records:
            table = TABLES[kind_of(record)]
            query = update(table).where(table.c.id == record.id, table.c.deleted_at.is_(None))
            if connection.execute(query.values(deleted_at=now)).rowcount:
                log_action(connection, user, f"{kind_of(record)}-bin", record.id, record.name)
    return now


def restore_resources(store: Store, records: Sequence[OwnedRecord], user: UserRecord | None = None) -> None:
    """Take them out of the bin, all or none.

    Raises:
        RefusedError: ``user`` may not change one of them.
    """
    for record in records:
        check_change(record, user)
    with store.write() as connection:
        for record in records:
            table = TABLES[kind_of(record)]
            query = update(table).where(table.c.id == record.id, table.c.deleted_at.is_not(None))
            if connection.execute(query.values(deleted_at=None)).rowcount:
                log_action(connection, user, f"{kind_of(record)}-restore", record.id, record.name)


def delete_resource(store: Store, record: OwnedRecord, user: UserRecord | None = None) -> None:
    """Delete what is in the bin for good, with its files.

    Raises:
        RefusedError: ``user`` may not change it.
        ConflictError: it is not in the bin, or something is queued or running on it.
    """
    record = _now(store, record, user)
    check_change(record, user)
    if record.deleted_at is None:
        raise ConflictError("{name} is not in the bin; delete it first.", name=record.name)
    if isinstance(record, DatasetRecord):
        check_unused(store, record, user, even_if_used=True)
    if isinstance(record, ModelRecord):
        for candidate in list_models(store, None, Listing(limit=MOST), search_id=record.id):
            _forget(store, candidate)
        shutil.rmtree(store.path(search_folder(record.id)), ignore_errors=True)
    _forget(store, record)
    with store.write() as connection:
        log_action(connection, user, f"{kind_of(record)}-delete", record.id, record.name)


def _forget(store: Store, record: OwnedRecord) -> None:
    """Delete a record, and its files where it has some."""
    if not isinstance(record, NetworkRecord):
        shutil.rmtree(store.path(record.folder), ignore_errors=True)
    table = TABLES[kind_of(record)]
    with store.write() as connection:
        connection.execute(delete(table).where(table.c.id == record.id))


def abort_resource(store: Store, record: DatasetRecord | ModelRecord, user: UserRecord | None = None) -> JobRecord:
    """Abort the job that makes it; what it kept stays.

    Raises:
        RefusedError: ``user`` may not change it.
        ConflictError: the job has ended.
    """
    check_change(record, user)
    return abort_job(store, record.job_id, user)


def resume_resource(store: Store, record: DatasetRecord | ModelRecord, user: UserRecord | None = None) -> JobRecord:
    """Queue the job that makes it again, from its last checkpoint.

    Raises:
        RefusedError: ``user`` may not change it.
        ConflictError: the job is queued, running or done.
    """
    check_change(record, user)
    return resume_job(store, record.job_id, user)


def _now(store: Store, record: OwnedRecord, user: UserRecord | None) -> OwnedRecord:
    """Return the record as it is now: its job may have ended, or begun again, since it was looked up."""
    return GET[kind_of(record)](store, record.id, user)
