"""Custom networks in the store: saved, listed, changed, shared, and put into the bin."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select

from glasshouse.data.names import composed
from glasshouse.errors import Problem, RecipeError
from glasshouse.layers.look import look
from glasshouse.recipe import ObjectiveRecipe, OptimizerRecipe, TrainingRecipe
from glasshouse.recipe.bounds import find_excess
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.models import get_model
from glasshouse.store.names import entered
from glasshouse.store.ownership import (
    Listing,
    change,
    check_change,
    check_member,
    checked_name,
    conditions,
    groups,
    missing,
    sorting,
    visible,
)
from glasshouse.store.paging import Page, page_of
from glasshouse.store.records import NetworkRecord, UserRecord
from glasshouse.store.tables import networks

__all__ = [
    "NewNetwork",
    "change_network",
    "count_networks",
    "get_network",
    "list_networks",
    "network_groups",
    "network_layers",
    "page_of_networks",
    "save_network",
]


@dataclass(frozen=True)
class NewNetwork:
    """What a person wants to keep: layers as data, and the objective and the optimizer that go with them."""

    name: str
    layers: Mapping[str, Any]
    objective: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""
    group_name: str = ""
    shared: bool = False


def save_network(store: Store, new: NewNetwork, user: UserRecord | None = None) -> NetworkRecord:
    """Keep a network; layers may have problems, which are counted, so that unfinished work is not lost.

    Raises:
        RefusedError: the person may only look.
        RecipeError: the name, the objective or the optimizer is wrong, or there is no list of layers.
    """
    check_member(user)
    now, network_id = time.time(), new_id()
    parts = {"layers": new.layers, "objective": new.objective, "optimizer": new.optimizer}
    texts = [problem for name in ("notes", "group_name") for problem in checked_name(getattr(new, name), name)]
    values = {
        **_checked(parts, [*checked_name(new.name), *texts]), "id": network_id, "name": entered(new.name),
        "owner_id": user.id if user is not None else None, "shared": new.shared, "group_name": entered(new.group_name),
        "notes": composed(new.notes), "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(networks.insert().values(**values))
        log_action(connection, user, "network-create", network_id, str(values["name"]))
    return get_network(store, network_id, user)


def get_network(store: Store, network_id: str, viewer: UserRecord | None = None) -> NetworkRecord:
    """Return one network, in the bin or not.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    query = select(networks).where(networks.c.id == network_id, visible(networks, viewer))
    with store.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise missing("network", network_id)
    return _record(row)


def list_networks(
    store: Store, viewer: UserRecord | None = None, listing: Listing | None = None
) -> list[NetworkRecord]:
    """Return the networks that ``listing`` asks for, the newest first without it."""
    listing = listing or Listing()
    order = sorting(networks, listing.sort)
    ways = [way.desc() if order.falling else way.asc() for way in (order.key, order.tie)]
    query = select(networks).where(conditions(networks, viewer, listing)).order_by(*ways)
    with store.read() as connection:
        return [_record(row) for row in connection.execute(query.limit(listing.limit).offset(listing.offset))]


def page_of_networks(store: Store, viewer: UserRecord | None, listing: Listing) -> Page[NetworkRecord]:
    """Return a page of what ``listing`` asks for, with the marks of the pages before and after it."""
    query = select(networks).where(conditions(networks, viewer, listing))
    with store.read() as connection:
        found = page_of(connection, query, sorting(networks, listing.sort), after=listing.after,
                        before=listing.before, limit=listing.limit)  # fmt: skip
    return Page([_record(row) for row in found.items], found.before, found.after)


def network_groups(store: Store, viewer: UserRecord | None = None) -> list[str]:
    """Return the names of the groups of networks."""
    return groups(store, networks, viewer)


def count_networks(store: Store, viewer: UserRecord | None = None, listing: Listing | None = None) -> int:
    """Return how many networks ``listing`` asks for, whatever its limit."""
    query = select(func.count()).select_from(networks).where(conditions(networks, viewer, listing or Listing()))
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def change_network(
    store: Store, network_id: str, changes: Mapping[str, Any], viewer: UserRecord | None = None
) -> NetworkRecord:
    """Change ``layers``, ``objective``, ``optimizer``, ``name``, ``notes``, ``group_name`` or ``shared``.

    Raises:
        RecipeError: a field is wrong.
        ConflictError: ``revision`` is among the changes, and somebody else changed it meanwhile.
    """
    record = get_network(store, network_id, viewer)
    check_change(record, viewer)
    parts = {name: changes[name] for name in ("layers", "objective", "optimizer") if name in changes}
    rest = {name: value for name, value in changes.items() if name not in parts}
    change(store, networks, record, rest, _checked(parts, []), user=viewer)
    return get_network(store, network_id, viewer)


def network_layers(store: Store, network: Any, viewer: UserRecord | None = None) -> Any:
    """Return what a recipe holds for ``network``.

    Of ``network:ID`` that is its layers, under the name that it was given; of ``model:ID`` what the model was made of.

    Raises:
        MissingError: there is no such network or model, or ``viewer`` may not see it.
    """
    kind, _, record_id = network.partition(":") if isinstance(network, str) else ("", "", "")
    if kind == "model":
        return get_model(store, record_id, viewer).recipe["network"]
    if kind != "network":
        return network
    record = get_network(store, record_id, viewer)
    return {**record.layers, "name": record.name}


def _checked(parts: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return the columns of parts, checked; all problems are reported together."""
    values: dict[str, Any] = {}
    problems += (excess := find_excess(parts))
    if excess:
        raise RecipeError("the network", problems)
    if "layers" in parts:
        layers = parts["layers"]
        seen = look(layers if isinstance(layers, Mapping) else {})
        if not seen.layers:
            problems += [Problem(f"layers.{problem.field}", problem.message) for problem in seen.problems]
        values |= {
            "layers": dict(layers) if isinstance(layers, Mapping) else {},
            "parameters": min(seen.parameters, 2**63 - 1),
        }
        values["problems"] = seen.count
    given: dict[str, Any] = {name: dict(parts[name]) for name in ("objective", "optimizer") if name in parts}
    try:
        recipe = TrainingRecipe(data="-", network="-", **given)
        whole: dict[str, ObjectiveRecipe | OptimizerRecipe] = {
            "objective": recipe.objective, "optimizer": recipe.optimizer,
        }  # fmt: skip
        values |= {name: whole[name].model_dump(mode="json") for name in given}
    except RecipeError as error:
        problems += error.problems
    if problems:
        raise RecipeError("the network", problems)
    return values


def _record(row: Row[Any]) -> NetworkRecord:
    return NetworkRecord(**dict(zip(networks.c.keys(), row)))  # a page has its key behind them
