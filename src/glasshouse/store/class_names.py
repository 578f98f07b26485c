"""Renaming the classes of a dataset: shown with it, and kept in the models that were trained on it."""

from collections.abc import Mapping

from sqlalchemy import select, update

from glasshouse.data.stored.class_names import checked_names, read_names, write_names
from glasshouse.errors import ConflictError, ModelError
from glasshouse.export.class_names import name_classes
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.ownership import check_change, may_change
from glasshouse.store.records import DatasetRecord, JobState, UserRecord
from glasshouse.store.tables import datasets, models

__all__ = ["classes_of", "rename_classes", "shown_names"]


def classes_of(record: DatasetRecord) -> list[str]:
    """Return the classes of a dataset in their order; none before it is made."""
    return [str(name) for name in (record.summary or {}).get("classes", [])]


def shown_names(store: Store, record: DatasetRecord) -> dict[str, str]:
    """Return the display names of a dataset's classes, for those that have one."""
    return read_names(store.path(record.folder), classes_of(record))


def rename_classes(
    store: Store, record: DatasetRecord, names: Mapping[str, str], user: UserRecord | None = None
) -> dict[str, str]:
    """Give the classes of a dataset display names, the others none; return those that it has now.

    The models on it that ``user`` may change get them too, so that what is downloaded of them has them.

    Raises:
        RefusedError: ``user`` may not change the dataset.
        ConflictError: it is not made yet.
        InputError: a class is unknown, or a name is too long.
    """
    check_change(record, user)
    if record.state is not JobState.DONE:
        raise ConflictError("The dataset {name} is not made yet.", name=record.name)
    found = checked_names(names, classes_of(record))
    write_names(store.path(record.folder), found)
    for folder in _trained_on(store, record.id, user):
        try:
            name_classes(store.path(folder) / "model", found)
        except ModelError:  # none yet, or a damaged one: it is named when it is finished, or stays as it is
            continue
    summary = {name: value for name, value in (record.summary or {}).items() if name != "class_names"}
    with store.write() as connection:
        query = update(datasets).where(datasets.c.id == record.id)
        connection.execute(query.values(summary={**summary, **({"class_names": found} if found else {})}))
        log_action(connection, user, "dataset-classes", record.id, record.name)
    return found


def _trained_on(store: Store, dataset_id: str, user: UserRecord | None) -> list[str]:
    query = select(models.c.folder, models.c.owner_id).where(models.c.dataset_id == dataset_id)
    with store.read() as connection:
        return [row.folder for row in connection.execute(query) if may_change(row.owner_id, user)]
