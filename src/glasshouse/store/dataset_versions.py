"""A new version of a dataset, asked for by edits: these are looked up at once; a job makes it of stored pictures."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, RecipeError
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.names import entered
from glasshouse.store.ownership import NAME_LENGTH, check_change, check_member, checked_name
from glasshouse.store.records import DatasetRecord, JobKind, JobState, UserRecord
from glasshouse.store.tables import datasets

if TYPE_CHECKING:
    from glasshouse.data.editing.table import TableFile

__all__ = ["NewVersion", "submit_version", "version_name"]

_NUMBERED = re.compile(r"(.*) · (\d{1,6})", re.S)


@dataclass(frozen=True)
class NewVersion:
    """A version to make of a dataset: ``edits`` are as for ``glasshouse.edit_dataset``, a list or a table.

    Without a ``name`` it is that of the dataset with the next number; ``why`` is kept with the edits, and is its notes.
    """

    edits: "Sequence[Mapping[str, Any]] | TableFile"
    name: str = ""
    why: str = ""


def submit_version(store: Store, dataset_id: str, new: NewVersion, user: UserRecord | None = None) -> DatasetRecord:
    """Queue the making of a version of a dataset and return its record.

    Raises:
        InputError: an edit fits nothing, contradicts another, or they change nothing.
        ConflictError: the dataset is not made, or its files are gone.
        RefusedError: it is somebody else's, or the person is a viewer.
    """
    from glasshouse.data.dataset import open_dataset
    from glasshouse.data.editing.given import edits_given

    record = get_dataset(store, dataset_id, user)
    check_member(user)
    check_change(record, user)
    if record.state is not JobState.DONE or record.deleted_at is not None or not store.path(record.folder).is_dir():
        raise ConflictError("The dataset {name} is not there; choose another one.", name=record.name)
    name = entered(new.name) or version_name(record.name)
    if problems := [*checked_name(name), *checked_name(new.why, "notes")]:
        raise RecipeError("the dataset", problems)
    dataset = open_dataset(store.path(record.folder))
    person = user.name if user else ""
    given, _ = edits_given(dataset, new.edits, person, new.why)
    edits = [edit.model_copy(update={"by": person}) for edit in given]  # whatever the edits themselves say
    recipe = dataset.recipe.replace(edits=[*dataset.recipe.edits, *edits])
    version_id, now = new_id(), time.time()
    told = {"parent": record.id, "edits": len(edits)}
    job = NewJob(JobKind.DATASET, name, user.id if user else None, version_id, arguments=told)
    values = {
        "id": version_id, "name": name, "owner_id": user.id if user else None, "shared": record.shared,
        "group_name": record.group_name, "notes": composed(new.why), "recipe": recipe.model_dump(mode="json"),
        "folder": f"datasets/{version_id}", "job_id": job.id, "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(datasets).values(**values))
        add_job(connection, job)
        log_action(connection, user, "dataset-edit", version_id, name)
    return get_dataset(store, version_id, user)


def version_name(name: str) -> str:
    """Return the name of the next version.

    >>> version_name("Pets"), version_name("Pets · 2")
    ('Pets · 2', 'Pets · 3')
    """
    found = _NUMBERED.fullmatch(name)
    base, number = (found[1], int(found[2]) + 1) if found else (name, 2)
    end = f" · {number}"
    return base[: NAME_LENGTH - len(end)] + end
