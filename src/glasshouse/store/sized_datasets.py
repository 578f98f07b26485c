"""Datasets that a search has made: the pictures of its own dataset at another size, for candidates that see that."""

import hashlib
import time
from typing import Any

from sqlalchemy import insert, select

from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.import_runs import add_done, note_whole_dataset
from glasshouse.store.jobs import NewJob
from glasshouse.store.ownership import NAME_LENGTH
from glasshouse.store.records import DatasetRecord, JobKind, ModelRecord
from glasshouse.store.tables import datasets

__all__ = ["add_sized_dataset", "sized_dataset_folder"]


def sized_dataset_folder(search_id: str, side: int) -> str:
    """Return the folder of the dataset of a search at a size, relative to the home: the same one each time."""
    return f"datasets/{_id(search_id, side)}"


def add_sized_dataset(store: Store, search: ModelRecord, base_id: str, side: int) -> DatasetRecord:
    """Make the dataset that a search has put into its folder one of the Studio's, its owner's; once.

    Raises:
        DatasetError: there is none in that folder.
    """
    from glasshouse.data.dataset import open_dataset

    key, now, base = _id(search.id, side), time.time(), get_dataset(store, base_id)
    with store.read() as connection:
        if connection.execute(select(datasets.c.id).where(datasets.c.id == key)).first() is not None:
            return get_dataset(store, key)
    folder = sized_dataset_folder(search.id, side)
    dataset = open_dataset(store.path(folder))
    size = f"{side}x{side}"
    name = f"{base.name[: NAME_LENGTH - len(size) - 3]} · {size}"
    job = NewJob(JobKind.DATASET, name, search.owner_id, key)
    values: dict[str, Any] = {
        "id": key, "name": name, "owner_id": search.owner_id, "shared": search.shared, "notes": "",
        "group_name": base.group_name, "recipe": dataset.recipe.model_dump(mode="json"), "folder": folder,
        "job_id": job.id, "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(datasets).values(**values))
        add_done(connection, job, now)
    note_whole_dataset(store, key, dataset)
    return get_dataset(store, key)


def _id(search_id: str, side: int) -> str:
    """Return an id that is always the same, so that a search which goes on finds its pictures again."""
    mark = hashlib.sha256(f"{search_id} {side}".encode()).hexdigest()[:8]
    return f"{search_id.rpartition('-')[0]}-{mark}"
