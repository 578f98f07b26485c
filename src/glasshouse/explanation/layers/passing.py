"""A split, or some pictures, as batches that a network takes, with how far the pass is."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from glasshouse.data.stored.rows import Split
from glasshouse.events import Progress
from glasshouse.explanation.opened import OpenedModel

__all__ = ["Batches"]

AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Batches:
    """Pictures of a model as its network sees them; ``rows`` uint8 (n, H, W, C), or a split of its dataset."""

    opened: OpenedModel
    rows: NDArray[np.uint8] | Split
    at_once: int = AT_ONCE

    def __len__(self) -> int:
        return len(self.rows)

    def passed(self, stage: str) -> Iterator[tuple[Tensor, Progress]]:
        """Yield each batch (n, C, H, W) with how far the pass is once it has been used."""
        begin, total = time.monotonic(), len(self)
        for start in range(0, total, self.at_once):
            numbers = np.arange(start, min(start + self.at_once, total))
            rows = self.rows.rows(numbers) if isinstance(self.rows, Split) else self.rows[numbers]
            done, seconds = start + len(numbers), time.monotonic() - begin
            left = seconds / start * (total - start) if start else None
            yield self.opened.inputs(rows), Progress(stage, done, total, seconds, left)
