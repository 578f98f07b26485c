"""What a person owns, in the words of the pages: datasets, models and networks have these in common."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from glasshouse.store.ownership import may_change
from glasshouse.store.records import NetworkRecord, OwnedRecord, UserRecord

__all__ = [
    "DATASET",
    "MODEL",
    "NETWORK",
    "NetworkResource",
    "Resource",
    "moment",
    "network_resource",
    "owned_fields",
]

DATASET, MODEL, NETWORK = "dataset", "model", "network"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A dataset, a model or a network. ``yours``: whether the person may change it; ``binned``: when it was deleted."""

    id: str
    kind: str
    name: str
    created: datetime
    changed: datetime | None = None
    notes: str = ""
    group: str = ""
    owner: str | None = None
    shared: bool = False
    yours: bool = True
    revision: int = 1
    binned: datetime | None = None

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/{self.kind}s/{self.id}"


@dataclass(frozen=True, kw_only=True)
class NetworkResource(Resource):
    """A custom network: how many layers and weights it has, and what has to be put right in it."""

    layers: int
    parameters: int
    problems: int


def network_resource(record: NetworkRecord, viewer: UserRecord | None = None) -> NetworkResource:
    """Return a network as pages show it to ``viewer``."""
    layers = record.layers.get("layers", [])
    return NetworkResource(
        **owned_fields(record, viewer),
        kind=NETWORK,
        layers=len(layers),
        parameters=record.parameters,
        problems=record.problems,
    )


def owned_fields(record: OwnedRecord, viewer: UserRecord | None) -> dict[str, Any]:
    """Return the fields of a :class:`Resource`, without its kind."""
    return {
        "id": record.id,
        "name": record.name,
        "created": moment(record.created_at),
        "changed": moment(record.updated_at),
        "notes": record.notes,
        "group": record.group_name,
        "owner": record.owner_id,
        "shared": record.shared,
        "yours": may_change(record.owner_id, viewer),
        "revision": record.revision,
        "binned": moment(record.deleted_at) if record.deleted_at is not None else None,
    }


def moment(seconds: float) -> datetime:
    """Return a time of the store (seconds since 1970) as pages show it."""
    return datetime.fromtimestamp(seconds, UTC)
