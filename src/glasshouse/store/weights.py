"""The shelf of weights in a home: what is on it, and asking for more. The files are read and fetched by jobs."""

from pathlib import Path
from typing import Any

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, MissingError, RefusedError
from glasshouse.networks.catalogue import check_name as check_network
from glasshouse.networks.shelf.items import Card, Item, check_name, find_item, remove_item
from glasshouse.networks.shelf.listing import chosen, here, to_fetch
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.jobs import NewJob, add_job, get_job
from glasshouse.store.ownership import check_member
from glasshouse.store.places import from_runs
from glasshouse.store.records import JobKind, JobRecord, Role, UserRecord
from glasshouse.store.uploads import get_upload, upload_source

__all__ = [
    "may_remove",
    "remove_weights",
    "shelf_of",
    "submit_weights_fetch",
    "submit_weights_file",
    "weights_at_hand",
    "weights_file",
    "weights_to_fetch",
]


def shelf_of(store: Store) -> Path:
    """Return the folder of the home's shelf."""
    return store.path("weights")


def weights_at_hand(store: Store) -> list[Item]:
    """Return the weights that everybody may choose: those in the box, then those on the shelf."""
    return here(shelf_of(store))


def weights_to_fetch(store: Store) -> list[Card]:
    """Return the cards of recommended networks whose weights are not at hand."""
    return to_fetch(shelf_of(store))


def weights_file(store: Store, name: str) -> str:
    """Return weights of the shelf as a recipe names them: a path from ``runs``; ``pretrained`` for those in the box.

    Raises:
        MissingError: there are none of that name.
    """
    item = chosen(name, shelf_of(store))
    if item is None:
        raise MissingError("There are no weights named {name} on the shelf.", name=name)
    return "pretrained" if item.packaged else from_runs(f"weights/{item.file.parent.name}/{item.file.name}")


def submit_weights_file(
    store: Store, upload: str, user: UserRecord | None, *, network: str = "", name: str = "", licence: str = "",
    source: str = "",
) -> JobRecord:  # fmt: skip
    """Queue the reading of an uploaded file of weights, which puts it on the shelf; ``upload`` is ``upload:ID``.

    Raises:
        NetworkError: there is no such network.
        WeightsError: the name cannot be one.
        ConflictError: there are weights of that name already.
        MissingError: there is no such upload.
    """
    check_member(user)
    if network:
        check_network(network)
    file = upload_source(store, get_upload(store, upload.removeprefix("upload:"), user))
    wanted = check_name(composed(name).strip()) if name.strip() else ""
    _check_free(store, wanted)
    told = {"do": "add", "file": from_runs(file), "network": network.strip(), "name": wanted,
            "licence": composed(licence).strip(), "source": composed(source).strip()}  # fmt: skip
    return _queued(store, told, wanted or Path(file).name, user)


def submit_weights_fetch(store: Store, name: str, user: UserRecord | None) -> JobRecord:
    """Queue the fetching of published weights: recommended ones, the catalogue's or timm's.

    Raises:
        NetworkError: there is no such network.
        ConflictError: they are at hand already.
    """
    check_member(user)
    check_network(name)
    _check_free(store, name)
    return _queued(store, {"do": "fetch", "name": name}, name, user)


def remove_weights(store: Store, name: str, user: UserRecord | None) -> Card:
    """Take weights off the shelf; only who put them there and admins may. Models that were trained keep theirs.

    Raises:
        MissingError: there are none of that name on the shelf.
        RefusedError: somebody else put them there, or they come with Glasshouse.
    """
    check_member(user)
    item = chosen(name, shelf_of(store))
    if item is None:
        raise MissingError("There are no weights named {name} on the shelf.", name=name)
    if not may_remove(item, user):
        raise RefusedError("{name} can be removed by an admin or by who put it on the shelf.", name=item.card.name)
    card = remove_item(item.card.name, shelf_of(store))
    with store.write() as connection:
        log_action(connection, user, "weights-remove", card.name)
    return card


def may_remove(item: Item, user: UserRecord | None) -> bool:
    """Whether ``user`` (None: no accounts) may take the weights off the shelf."""
    return not item.packaged and (user is None or user.role is Role.ADMIN or item.card.added_by == user.name)


def _check_free(store: Store, name: str) -> None:
    if name and (find_item(name, shelf_of(store)) is not None or chosen(name, shelf_of(store)) is not None):
        raise ConflictError("There are weights named {name} on the shelf already; give another name.", name=name)


def _queued(store: Store, told: dict[str, Any], title: str, user: UserRecord | None) -> JobRecord:
    told["by"] = user.name if user else ""
    job = NewJob(JobKind.WEIGHTS, title, user.id if user else None, arguments=told)
    with store.write() as connection:
        add_job(connection, job)
        log_action(connection, user, f"weights-{told['do']}", title)
    return get_job(store, job.id)
