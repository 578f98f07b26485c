"""Several datasets, models and networks at once: put into the bin and back, aborted, changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select

from glasshouse.errors import ConflictError, MissingError
from glasshouse.messages import Message, joined
from glasshouse.store.database import Store
from glasshouse.store.datasets import Uses, get_dataset, uses_of
from glasshouse.store.jobs import abort_job
from glasshouse.store.models import get_model
from glasshouse.store.networks import get_network
from glasshouse.store.ownership import Listing, check_change, conditions
from glasshouse.store.records import DatasetRecord, ModelRecord, NetworkRecord, OwnedRecord, UserRecord
from glasshouse.store.resources import TABLES, change_resource, move_to_bin, restore_resources

__all__ = [
    "Chosen",
    "Obstacle",
    "abort_chosen",
    "bin_chosen",
    "change_chosen",
    "chosen_from",
    "count_binned_at",
    "look_up",
    "obstacles",
    "restore_binned_at",
]


@dataclass(frozen=True)
class Chosen:
    """Things as a person sees them, each once, in the order in which they were chosen."""

    datasets: tuple[DatasetRecord, ...]
    models: tuple[ModelRecord, ...]
    networks: tuple[NetworkRecord, ...] = ()

    @property
    def jobs(self) -> tuple[DatasetRecord | ModelRecord, ...]:
        """Those that are made by a job, models first: the order in which they may go."""
        return (*self.models, *self.datasets)

    @property
    def all(self) -> tuple[OwnedRecord, ...]:
        """All of them."""
        return (*self.jobs, *self.networks)


@dataclass(frozen=True)
class Obstacle:
    """Why a thing cannot simply go into the bin: its job is queued or running (``uses`` is None), or what needs it."""

    record: DatasetRecord | ModelRecord
    uses: Uses | None = None

    @property
    def final(self) -> bool:
        """Whether not even a second question would help: something works or waits."""
        return self.uses is None or self.uses.working

    def __str__(self) -> str:
        if self.uses is None:
            return Message(
                "{name} is {state}; abort it first.", name=self.record.name, state=Message(self.record.state)
            )
        names = [name for _, name in (self.uses.live if self.uses.working else self.uses.models)]
        told = joined(", ", [*names, *[Message("a model of somebody else")] * self.uses.others])
        return Message(
            "{name} is needed by {told}{working}.",
            name=self.record.name,
            told=told,
            working=Message("; abort that first") if self.uses.working else "",
        )


def chosen_from(words: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids among words such as ``models/ID``, by ``datasets``, ``models`` and ``networks``.

    Raises:
        MissingError: a word is none of these.
    """
    found: dict[str, list[str]] = {"datasets": [], "models": [], "networks": []}
    for word in dict.fromkeys(words):
        kind, _, key = word.partition("/")
        if kind not in found:
            raise MissingError(
                "There is nothing at /{word}; expected datasets/ID, models/ID or networks/ID.", word=word[:100]
            )
        found[kind].append(key)
    return found


def look_up(store: Store, chosen: Mapping[str, Sequence[str]], viewer: UserRecord | None = None) -> Chosen:
    """Return the records of the ids in ``chosen`` (``chosen_from``; a kind may be left out).

    Raises:
        MissingError: one is not there, or ``viewer`` may not see it.
    """
    return Chosen(
        tuple(get_dataset(store, one, viewer) for one in dict.fromkeys(chosen.get("datasets", ()))),
        tuple(get_model(store, one, viewer) for one in dict.fromkeys(chosen.get("models", ()))),
        tuple(get_network(store, one, viewer) for one in dict.fromkeys(chosen.get("networks", ()))),
    )


def obstacles(store: Store, chosen: Chosen, viewer: UserRecord | None = None) -> list[Obstacle]:
    """Return what is against putting all of them into the bin; models that go too do not hold their dataset.

    Nothing ever stands against a network: a model's recipe holds the layers that it was made of itself.

    Raises:
        RefusedError: ``viewer`` may not change one of them.
    """
    going = {model.id for model in chosen.models}
    found = []
    for owned in chosen.all:
        check_change(owned, viewer)
    for record in chosen.jobs:
        uses = uses_of(store, record, viewer, going) if isinstance(record, DatasetRecord) else None
        if record.state.live:
            found.append(Obstacle(record))
        elif uses:
            found.append(Obstacle(record, uses))
    return found


def bin_chosen(store: Store, chosen: Chosen, viewer: UserRecord | None = None, *, even_if_used: bool = False) -> float:
    """Put all of them into the bin, or none; return the moment by which ``restore_binned_at`` brings them back.

    Raises:
        ConflictError: something stands against it (``obstacles``).
        RefusedError: ``viewer`` may not change one of them.
    """
    against = [one for one in obstacles(store, chosen, viewer) if one.final or not even_if_used]
    if against:
        raise ConflictError(joined("\n", map(str, against)))
    return move_to_bin(store, chosen.all, viewer)


def count_binned_at(store: Store, at: float, viewer: UserRecord | None = None) -> int:
    """Return how many things that went into the bin at that moment are still there, and could be put back."""
    with store.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table).where(*_binned(table, at, viewer))).scalar_one()
            for table in TABLES.values()
        )


def restore_binned_at(store: Store, at: float, viewer: UserRecord | None = None) -> tuple[OwnedRecord, ...]:
    """Take out of the bin what went into it at that moment; return what it was.

    Raises:
        RefusedError: ``viewer`` may only look.
    """
    with store.read() as connection:
        found = {
            f"{kind}s": list(connection.execute(select(table.c.id).where(*_binned(table, at, viewer))).scalars())
            for kind, table in TABLES.items()
        }
    records = look_up(store, found, viewer).all
    restore_resources(store, records, viewer)
    return records


def abort_chosen(store: Store, chosen: Chosen, viewer: UserRecord | None = None) -> list[DatasetRecord | ModelRecord]:
    """Abort those that run or wait; return them. Networks are made by no job.

    Raises:
        RefusedError: ``viewer`` may not change one of them; then none is aborted.
    """
    for record in chosen.all:
        check_change(record, viewer)
    live = [record for record in chosen.jobs if record.state.live]
    done: list[DatasetRecord | ModelRecord] = []
    for record in live:
        try:
            abort_job(store, record.job_id, viewer)
        except ConflictError:
            continue  # it has ended meanwhile
        done.append(record)
    return done


def change_chosen(
    store: Store, chosen: Chosen, changes: dict[str, Any], viewer: UserRecord | None = None
) -> list[OwnedRecord]:
    """Give all of them the same ``group_name`` or ``shared``; return those that had another.

    Raises:
        RefusedError: ``viewer`` may not change one of them; then none is changed.
    """
    for record in chosen.all:
        check_change(record, viewer)
    others = [one for one in chosen.all if any(getattr(one, name) != value for name, value in changes.items())]
    for record in others:
        change_resource(store, record, changes, viewer)
    return others


def _binned(table: Table, at: float, viewer: UserRecord | None) -> tuple[Any, Any]:
    return conditions(table, viewer, Listing(binned=True)), table.c.deleted_at == at
