"""How many pictures of each class go to each side: whole numbers with the right sums."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Quota", "apportion", "quotas"]


@dataclass(frozen=True)
class Quota:
    """The pictures of one class that each side should get."""

    train: int
    val: int
    test: int


def apportion(counts: Mapping[str, int], fraction: float, least: int = 0) -> dict[str, int]:
    """Return how many of each class make ``fraction`` of all, by the largest remainder (Hamilton's method).

    Each share is n·fraction rounded down or up, and their sum is that of the whole, rounded half up. ``least`` is
    given first to each class of two pictures or more; only that can make the sum larger.
    """
    exact = {name: count * fraction for name, count in counts.items()}
    shares = {name: max(int(x), least if counts[name] > 1 and fraction > 0 else 0) for name, x in exact.items()}
    missing = int(sum(counts.values()) * fraction + 0.5) - sum(shares.values())
    order = sorted(counts, key=lambda name: (shares[name] - exact[name], -counts[name], name))
    for name in order[: max(missing, 0)]:
        shares[name] += 1
    return shares


def quotas(counts: Mapping[str, int], valid: float, test: float) -> dict[str, Quota]:
    """Return the quota of each class; a class of two or more has one picture to train and, if asked, to validate."""
    tests = apportion(counts, test)
    valids = apportion(counts, valid, least=1)
    result = {}
    for name, count in counts.items():
        vals = min(valids[name], max(count - 1, 0))
        held = min(tests[name], max(count - 1 - vals, 0))
        result[name] = Quota(count - vals - held, vals, held)
    return result
