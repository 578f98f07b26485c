"""Pictures that are the same, or nearly the same: what must not be on two sides of a split."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.splitting.groups import Joined, join
from glasshouse.data.splitting.likeness import alikeness, perceptual_marks
from glasshouse.data.splitting.neighbours import close_pairs, usual_distance

__all__ = ["Twins", "find_twins", "near_pairs"]

_RANK = 50  # the distance of the 50th neighbour is what unrelated pictures of this source have
_NEAR = 0.6  # candidates are nearer than this part of it (hash)
_LIKE = 0.25  # twins are more alike than this part of it (pixels)
_LEAST, _MOST = 0.03, 0.25  # bounds of the limit on the pixels
_CONTRAST = 2.0  # grey levels; pictures with less are blank, and only equal content makes them twins
_BLOCK = 1024  # pairs that are checked before what they joined is taken into account
_CHAIN = 32  # larger chains of twins are cut into groups around one picture each


@dataclass(frozen=True)
class Twins:
    """A group's number for each picture, None if it is alone.

    ``groups`` are pictures that are the same or nearly so; ``equal`` are those with the same content.
    """

    groups: tuple[int | None, ...]
    equal: tuple[int | None, ...]

    def counts(self) -> dict[str, int]:
        """Return how many pictures have a twin of the same content, how many only near ones, and all groups."""
        equal = sum(e is not None for e in self.equal)
        near = sum(g is not None and e is None for g, e in zip(self.groups, self.equal))
        return {"equal": equal, "near": near, "groups": len({g for g in self.groups if g is not None})}


def find_twins(
    sha256: Sequence[str], thumbs: NDArray[np.uint8], rows: Sequence[int] | None = None, seed: int = 0
) -> Twins:
    """Return which pictures are the same (by SHA-256) or nearly so (by hash, then by pixels).

    ``thumbs`` are the whole pictures at 32x32, uint8 (M, 32, 32, 3), of which ``rows`` belong to the hashes in their
    order (all of them where not given); they may be mapped from a file. What counts as near depends on the source:
    where unrelated pictures are much alike, as in Fashion-MNIST, twins must be the more alike. Near-twins of near-twins
    are one group up to 32 pictures; a larger chain is cut into groups whose members are all near one of them.
    """
    equal = join(len(sha256), list(sha256))
    first = np.array(sorted(set(equal)), np.int64)
    places = first if rows is None else np.asarray(rows, np.int64)[first]
    pairs = first[near_pairs(thumbs, places, seed)]
    near = _near_groups(len(sha256), pairs)
    return Twins(_shared_groups(join(len(sha256), equal, near)), _shared_groups(equal))


def near_pairs(thumbs: NDArray[np.uint8], rows: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64]:
    """Return the pairs (i, j), i < j, where ``rows[i]`` and ``rows[j]`` show the same picture, int64 (M, 2)."""
    marks = perceptual_marks(thumbs, rows)
    clear = np.flatnonzero(marks.contrast >= _CONTRAST)
    if len(clear) < 2:
        return np.zeros((0, 2), np.int64)
    points = marks.points[clear]
    usual = usual_distance(points, _RANK, seed)
    limit = np.clip(_LIKE * usual, _LEAST, _MOST).astype(np.float32)
    pairs = close_pairs(points, np.maximum(_NEAR * usual, 2 * _LEAST), seed)
    limits = np.minimum(limit[pairs[:, 0]], limit[pairs[:, 1]])
    found: NDArray[np.int64] = clear[pairs]
    return _checked(thumbs, rows, found, limits)


def _checked(
    thumbs: NDArray[np.uint8], rows: NDArray[np.int64], pairs: NDArray[np.int64], limits: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return the pairs whose pixels agree; what earlier pairs have joined already is not looked at again."""
    joined = Joined(len(rows))
    kept = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(pairs), _BLOCK):
        part = pairs[start : start + _BLOCK]
        apart = [k for k, (a, b) in enumerate(part.tolist()) if joined.root(a) != joined.root(b)]
        part, most = part[apart], limits[start : start + _BLOCK][apart]
        kept.append(part[alikeness(thumbs, rows[part], most) <= most])
        for a, b in kept[-1].tolist():
            joined.join(a, b)
    return np.concatenate(kept)


def _near_groups(count: int, pairs: NDArray[np.int64]) -> list[int | None]:
    """Return a group for each picture that is in a pair: chains where they are short, else stars."""
    friends: dict[int, set[int]] = defaultdict(set)
    for a, b in pairs.tolist():
        friends[a].add(b)
        friends[b].add(a)
    groups: list[int | None] = [None] * count
    for chain in _chains(friends):
        for centre, members in [(chain[0], chain)] if len(chain) <= _CHAIN else _stars(chain, friends):
            for member in members:
                groups[member] = centre
    return groups


def _chains(friends: dict[int, set[int]]) -> Iterable[list[int]]:
    seen: set[int] = set()
    for start in sorted(friends):
        if start in seen:
            continue
        chain, waiting = [], [start]
        seen.add(start)
        while waiting:
            chain.append(waiting.pop())
            new = friends[chain[-1]] - seen
            seen |= new
            waiting += sorted(new)
        yield sorted(chain)


def _stars(chain: Sequence[int], friends: dict[int, set[int]]) -> Iterable[tuple[int, list[int]]]:
    """Yield (centre, members): the picture with the most twins takes those that no star has yet, and so on."""
    left = set(chain)
    for centre in sorted(chain, key=lambda i: (-len(friends[i]), i)):
        if centre in left:
            members = [centre, *sorted((friends[centre] & left) - {centre})]
            left -= set(members)
            yield centre, members


def _shared_groups(groups: Sequence[Hashable]) -> tuple[int | None, ...]:
    counts = Counter(groups)
    return tuple(g if isinstance(g, int) and counts[g] > 1 else None for g in groups)
