"""A histogram of numbers that come in parts: its bins grow to twice their width where the range does not suffice."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GrowingHistogram", "histogram_path"]

BINS = 64


class GrowingHistogram:
    """Counts in ``BINS`` bins of equal width from ``start`` on; the same numbers in other parts give the same total."""

    def __init__(self) -> None:
        self.start, self.width = 0.0, 0.0
        self.counts: NDArray[np.int64] = np.zeros(BINS, np.int64)

    def add(self, values: NDArray[np.floating[Any]]) -> None:
        """Count finite ``values`` of any shape."""
        values = values[np.isfinite(values)].ravel()
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        if self.width == 0.0:
            self.start, self.width = low, max((high - low) / BINS * 1.0001, abs(low) * 1e-6, 1e-12)
        while low < self.start or high >= self.start + BINS * self.width:
            self._grow(left=low < self.start)
        numbers = ((values - self.start) / self.width).astype(np.int64).clip(0, BINS - 1)
        self.counts += np.bincount(numbers, minlength=BINS)

    def _grow(self, *, left: bool) -> None:
        halves = self.counts.reshape(BINS // 2, 2).sum(1)
        empty = np.zeros(BINS // 2, np.int64)
        self.counts = np.concatenate([empty, halves] if left else [halves, empty])
        self.start -= BINS * self.width if left else 0.0
        self.width *= 2

    def to_dict(self) -> dict[str, Any]:
        """Return ``edges`` (bins + 1) and ``counts``; empty bins at both ends are left out."""
        filled = np.flatnonzero(self.counts)
        first, last = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 1)
        edges = self.start + self.width * np.arange(first, last + 1)
        return {"edges": [float(f"{edge:.6g}") for edge in edges], "counts": self.counts[first:last].tolist()}


def histogram_path(histogram: Mapping[str, Any], width: float, height: float, left: float = 0, top: float = 0) -> str:
    """Return the outline of a histogram as the ``d`` of an SVG path; heights by the square root of the counts."""
    counts = [float(count) ** 0.5 for count in histogram["counts"]]
    most, step = max([*counts, 1e-12]), width / max(1, len(counts))
    parts = [f"M{left:g} {top + height:g}"]
    for number, count in enumerate(counts):
        y = top + height - height * count / most
        parts.append(f"L{left + number * step:.4g} {y:.4g}L{left + (number + 1) * step:.4g} {y:.4g}")
    return "".join(parts) + f"L{left + width:g} {top + height:g}Z"
