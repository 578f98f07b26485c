"""The box of a picture that a place in a layer's map answers to. Loads no torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Axis", "Box", "ReceptiveField", "middle_of"]

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Axis:
    """Along one axis, place i of a tensor's dimension ``dim`` sees i * stride + first .. i * stride + last."""

    dim: int
    stride: int = 1
    first: int = 0
    last: int = 0

    def window(self, kernel: int, stride: int, before: int, dilation: int = 1) -> "Axis":
        """Behind a window of ``kernel`` places, moved by ``stride``, with ``before`` places of padding in front."""
        return replace(
            self, stride=self.stride * stride, first=self.first - before * self.stride,
            last=self.last + ((kernel - 1) * dilation - before) * self.stride,
        )  # fmt: skip

    @property
    def span(self) -> int:
        """How many places of the input one place sees."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class ReceptiveField:
    """What the places of a map (height, width) see of a picture of (rows, columns) pixels.

    Place i sees ``i * stride + first .. i * stride + last`` along ``down`` and ``across``; None: the whole picture.
    ``reach`` is known if that is larger than the picture: this many pixels from the middle hold 95 % of the gradient.
    """

    height: int
    width: int
    rows: int
    columns: int
    down: Axis | None = None
    across: Axis | None = None
    reach: float | None = None

    @property
    def exceeds(self) -> bool:
        """Whether a place sees more than the picture holds."""
        axes = ((self.down, self.rows), (self.across, self.columns))
        return any(axis is None or axis.span > size for axis, size in axes)

    def box(self, place: int) -> Box:
        """Return x0, y0, x1, y1 in pixels for a place counted row by row; x1 and y1 are the first outside."""
        i, j = divmod(int(place), self.width)
        y0, y1 = self._span(i, self.height, self.rows, self.down)
        x0, x1 = self._span(j, self.width, self.columns, self.across)
        return x0, y0, x1, y1

    def _span(self, i: int, count: int, size: int, axis: Axis | None) -> tuple[int, int]:
        if self.exceeds and self.reach is not None:
            middle = middle_of(i, count, size, axis)
            low, high = math.floor(middle - self.reach), math.ceil(middle + self.reach)
        elif axis is None:
            return 0, size
        else:
            low, high = i * axis.stride + axis.first, i * axis.stride + axis.last
        low = min(max(low, 0), size - 1)
        return low, max(min(high + 1, size), low + 1)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        axes = {name: None if axis is None else [axis.stride, axis.first, axis.last]
                for name, axis in (("down", self.down), ("across", self.across))}  # fmt: skip
        sizes = {name: getattr(self, name) for name in ("height", "width", "rows", "columns", "reach")}
        return {**sizes, **axes}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ReceptiveField":
        """Return what ``to_dict`` gave."""
        down, across = (None if data[name] is None else Axis(dim, *map(int, data[name]))
                        for dim, name in ((2, "down"), (3, "across")))  # fmt: skip
        height, width, rows, columns = (int(data[name]) for name in ("height", "width", "rows", "columns"))
        return cls(height, width, rows, columns, down, across, data["reach"])


def middle_of(i: int, count: int, size: int, axis: Axis | None) -> float:
    """The pixel in the middle of what place i sees."""
    found = (i + 0.5) * size / count - 0.5 if axis is None else i * axis.stride + (axis.first + axis.last) / 2
    return min(max(found, 0.0), size - 1.0)
