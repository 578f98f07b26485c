"""Several datasets and models at once: put into the bin and back, aborted, changed."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select, update

from glasshouse.errors import ConflictError, MissingError
from glasshouse.store.database import Store
from glasshouse.store.datasets import Uses, change_dataset, get_dataset, uses_of
from glasshouse.store.jobs import abort_job
from glasshouse.store.models import change_model, get_model
from glasshouse.store.owned import Listing, check_change, conditions
from glasshouse.store.records import DatasetRecord, ModelRecord, UserRecord
from glasshouse.store.tables import datasets, models

__all__ = [
    "Chosen",
    "Obstacle",
    "abort_several",
    "bin_several",
    "change_several",
    "chosen_from",
    "count_binned_at",
    "look_up",
    "obstacles",
    "restore_binned_at",
]


@dataclass(frozen=True)
class Chosen:
    """Datasets and models as a person sees them, each once, in the order in which they were chosen."""

    datasets: tuple[DatasetRecord, ...]
    models: tuple[ModelRecord, ...]

    @property
    def all(self) -> tuple[DatasetRecord | ModelRecord, ...]:
        """Both, models first: the order in which they may go."""
        return (*self.models, *self.datasets)


@dataclass(frozen=True)
class Obstacle:
    """Why a thing cannot simply go into the bin: its own job is not at rest (``uses`` is None), or what needs it."""

    record: DatasetRecord | ModelRecord
    uses: Uses | None = None

    @property
    def final(self) -> bool:
        """Whether not even a second question would help: something works or waits."""
        return self.uses is None or self.uses.working

    def __str__(self) -> str:
        if self.uses is None:
            return f"{self.record.name} is {self.record.state}; abort it first."
        names = [name for _, name in (self.uses.live if self.uses.working else self.uses.models)]
        told = ", ".join(names + ["a model of somebody else"] * self.uses.others)
        return f"{self.record.name} is needed by {told}{'; abort that first' * self.uses.working}."


def chosen_from(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the ids of datasets and of models among words such as ``models/ID``.

    Raises:
        MissingError: a word is neither.
    """
    found: dict[str, list[str]] = {"datasets": [], "models": []}
    for word in dict.fromkeys(words):
        kind, _, key = word.partition("/")
        if kind not in found:
            raise MissingError(f"There is nothing at /{word[:100]}; expected datasets/ID or models/ID.")
        found[kind].append(key)
    return found["datasets"], found["models"]


def look_up(
    store: Store, dataset_ids: Sequence[str], model_ids: Sequence[str], viewer: UserRecord | None = None
) -> Chosen:
    """Return the records.

    Raises:
        MissingError: one is not there, or ``viewer`` may not see it.
    """
    return Chosen(
        tuple(get_dataset(store, one, viewer) for one in dict.fromkeys(dataset_ids)),
        tuple(get_model(store, one, viewer) for one in dict.fromkeys(model_ids)),
    )


def obstacles(store: Store, chosen: Chosen, viewer: UserRecord | None = None) -> list[Obstacle]:
    """Return what stands against putting all of them into the bin; models that go too do not hold their dataset.

    Raises:
        RefusedError: ``viewer`` may not change one of them.
    """
    going = {model.id for model in chosen.models}
    found = []
    for record in chosen.all:
        check_change(record, viewer)
        uses = uses_of(store, record, viewer, going) if isinstance(record, DatasetRecord) else None
        if record.state.live:
            found.append(Obstacle(record))
        elif uses:
            found.append(Obstacle(record, uses))
    return found


def bin_several(store: Store, chosen: Chosen, viewer: UserRecord | None = None, *, even_if_used: bool = False) -> float:
    """Put all of them into the bin, or none; return the moment by which ``restore_binned_at`` brings them back.

    Raises:
        ConflictError: something stands against it (``obstacles``).
        RefusedError: ``viewer`` may not change one of them.
    """
    against = [one for one in obstacles(store, chosen, viewer) if one.final or not even_if_used]
    if against:
        raise ConflictError("\n".join(map(str, against)))
    now = time.time()
    with store.write() as connection:
        for table, records in ((datasets, chosen.datasets), (models, chosen.models)):
            ids = [record.id for record in records if record.deleted_at is None]
            connection.execute(update(table).where(table.c.id.in_(ids)).values(deleted_at=now))
    return now


def count_binned_at(store: Store, at: float, viewer: UserRecord | None = None) -> int:
    """Return how many things that went into the bin at that moment are still there, and could be put back."""
    with store.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table).where(*_binned(table, at, viewer))).scalar_one()
            for table in (datasets, models)
        )


def restore_binned_at(
    store: Store, at: float, viewer: UserRecord | None = None
) -> tuple[DatasetRecord | ModelRecord, ...]:
    """Take out of the bin what went into it at that moment; return what it was.

    Raises:
        RefusedError: ``viewer`` may only look.
    """
    with store.read() as connection:
        found = {
            table: list(connection.execute(select(table.c.id).where(*_binned(table, at, viewer))).scalars())
            for table in (datasets, models)
        }
    records = look_up(store, found[datasets], found[models], viewer).all
    for record in records:
        check_change(record, viewer)
    with store.write() as connection:
        for table, ids in found.items():
            connection.execute(update(table).where(table.c.id.in_(ids)).values(deleted_at=None))
    return records


def abort_several(store: Store, chosen: Chosen, viewer: UserRecord | None = None) -> list[DatasetRecord | ModelRecord]:
    """Abort those that run or wait; return them.

    Raises:
        RefusedError: ``viewer`` may not change one of them; then none is aborted.
    """
    for record in chosen.all:
        check_change(record, viewer)
    live = [record for record in chosen.all if record.state.live]
    done = []
    for record in live:
        try:
            abort_job(store, record.job_id, viewer)
        except ConflictError:
            continue  # it has ended meanwhile
        done.append(record)
    return done


def change_several(
    store: Store, chosen: Chosen, changes: dict[str, Any], viewer: UserRecord | None = None
) -> list[DatasetRecord | ModelRecord]:
    """Give all of them the same ``group_name`` or ``shared``; return those that had another.

    Raises:
        RefusedError: ``viewer`` may not change one of them; then none is changed.
    """
    for record in chosen.all:
        check_change(record, viewer)
    others = [one for one in chosen.all if any(getattr(one, name) != value for name, value in changes.items())]
    for record in others:
        way = change_dataset if isinstance(record, DatasetRecord) else change_model
        way(store, record.id, dict(changes), viewer)
    return others


def _binned(table: Table, at: float, viewer: UserRecord | None) -> tuple[Any, Any]:
    return conditions(table, viewer, Listing(binned=True)), table.c.deleted_at == at
