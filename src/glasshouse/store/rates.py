"""What was measured on this machine: how fast a network trains, by trials and by finished runs."""

import hashlib
import json
import socket
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from glasshouse.recipe import AugmentationRecipe
from glasshouse.store.database import Store
from glasshouse.store.tables import rates

__all__ = ["RUN", "TRIAL", "find_rate", "list_rates", "note_rate", "rate_key"]

RUN, TRIAL = "run", "trial"


def rate_key(recipe: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return what a pace depends on: network, strategy, batch, augmentation or none, and the pictures of ``data``.

    ``recipe`` has fields of a TrainingRecipe, ``data`` of the DatasetRecipe.
    """
    network = recipe.get("network")
    name = network if isinstance(network, str) else hash_of(network)
    changed = AugmentationRecipe(**(recipe.get("augmentation") or {})) != AugmentationRecipe()
    pictures = [data.get("width", 224), data.get("height", 224), data.get("color", "rgb")]
    words = [name, recipe.get("strategy") or "scratch", recipe.get("batch_size") or 64, *pictures]
    return " ".join(map(str, [*words, "augmented" if changed else "plain"]))


def hash_of(network: Any) -> str:
    """Return a short name for a network of custom layers."""
    return hashlib.sha256(json.dumps(network, sort_keys=True).encode()).hexdigest()[:16]


def note_rate(store: Store, key: str, kind: str, pace: Mapping[str, Any], busy: bool = False) -> None:
    """Keep a pace of this computer; a later one of the same kind takes its place. ``busy``: other work ran beside."""
    host = socket.gethostname()
    with store.write() as connection:
        connection.execute(delete(rates).where(rates.c.host == host, rates.c.key == key, rates.c.kind == kind))
        values = {"host": host, "key": key, "kind": kind, "pace": dict(pace), "busy": busy, "at": time.time()}
        connection.execute(insert(rates).values(**values))


def find_rate(store: Store, key: str) -> dict[str, Any] | None:
    """Return what was measured here, of a finished run before a trial: the pace with ``kind`` and ``busy``."""
    with store.read() as connection:
        query = select(rates).where(rates.c.host == socket.gethostname(), rates.c.key == key)
        rows = {row.kind: row for row in connection.execute(query)}
    row = rows.get(RUN) or rows.get(TRIAL)
    return None if row is None else {**row.pace, "kind": row.kind, "busy": row.busy}


def list_rates(store: Store, limit: int = 50) -> list[tuple[str, dict[str, Any]]]:
    """Return what was measured on this computer, the latest first: the key and the pace of each."""
    query = select(rates).where(rates.c.host == socket.gethostname()).order_by(rates.c.at.desc()).limit(limit)
    with store.read() as connection:
        return [(row.key, row.pace) for row in connection.execute(query)]
