"""How long a training is likely to take here, reckoned from a count of operations and the speed of this computer.

Told at once, before anything was measured; a measured pace takes its place. The speed is that of the trainings and
trials that were measured here, else that of a product of matrices, tried once and kept.
"""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np

from glasshouse.errors import GlasshouseError
from glasshouse.networks.operations import operations
from glasshouse.store.database import Store
from glasshouse.store.rates import TRIAL, find_rate, list_rates, note_rate

__all__ = ["RECKONED", "pace_from_operations", "speed_here"]

RECKONED = "reckoned"
KEY = "speed of matrices"
SIDE, TIMES = 512, 5
PART = 0.15  # of the speed of a product of matrices, that convolutions of small networks reach
BACK = 3.0  # times the operations of a look, to train on a picture
FROZEN = 1.5  # the same with all but the head fixed
START = 6.0  # seconds beside the pictures
MEMORY = 600_000_000  # bytes of a process that has loaded torch
KEPT = 16  # bytes a weight: itself, its gradient, and two values of the optimizer
ACTIVE = 60  # values that are kept of a picture each for itself, to train on it


def pace_from_operations(store: Store, recipe: Mapping[str, Any], width: int, height: int) -> dict[str, Any] | None:
    """Return a pace (``store.rates``) of a recipe on pictures of this size; None if the network is not known."""
    network = recipe.get("network")
    try:
        needed = operations(network, width, height) if isinstance(network, str | Mapping) else 0
    except GlasshouseError:
        return None
    if not needed:
        return None
    look = needed / speed_here(store)
    batch = int(recipe.get("batch_size") or 64)
    memory = MEMORY + KEPT * _weights(network) + 4 * ACTIVE * 3 * width * height * batch
    return {"learn": BACK * look, "frozen": FROZEN * look, "look": look, "start": START, "memory": memory,
            "device": "cpu", "kind": RECKONED, "busy": False}  # fmt: skip


def speed_here(store: Store) -> float:
    """Return the multiplications with additions a second of this computer, as networks of pictures reach them."""
    seen = [speed for key, pace in list_rates(store) if (speed := _speed(key, pace)) is not None]
    if seen:
        return median(seen)
    known = find_rate(store, KEY)
    if known is None:
        note_rate(store, KEY, TRIAL, {"operations": _tried()})
        known = find_rate(store, KEY) or {"operations": 1e9}
    return PART * float(known["operations"])


def _tried() -> float:
    """Return the multiplications with additions a second of a product of matrices, the best of a few."""
    ones = np.ones((SIDE, SIDE), np.float32)
    ones @ ones
    best = np.inf
    for _ in range(TIMES):
        start = time.perf_counter()
        ones @ ones
        best = min(best, time.perf_counter() - start)
    return float(SIDE**3 / best)


def _speed(key: str, pace: Mapping[str, Any]) -> float | None:
    """Return the speed that a measured pace shows; None where its network or its pictures are not told by its key."""
    words = key.split(" ")
    if len(words) != 7 or not pace.get("look"):  # see store.rates.rate_key
        return None
    try:
        needed = operations(words[0], int(words[3]), int(words[4]))
    except (GlasshouseError, ValueError):
        return None
    return needed / float(pace["look"]) if needed else None


def _weights(network: object) -> int:
    from glasshouse.networks.catalogue import find

    return find(network).parameters if isinstance(network, str) else 0
