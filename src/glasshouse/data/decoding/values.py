"""What becomes black and what white in pictures of more than 8 bits: decided once for all pictures of a dataset.

A picture of floats, or of 12 bits in 16, does not say how far its values could go. One picture alone may be dark, or
have one value above 1; all pictures of a dataset together tell it far better, and a model keeps what was decided.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, Self

import numpy as np

from glasshouse.errors import PictureError
from glasshouse.messages import Message

__all__ = ["KINDS", "Kind", "Range", "Scaler", "ValueRanges", "Values", "decide", "own_range", "seen", "to_levels"]

Kind = Literal["integers", "floats"]
KINDS: tuple[Kind, ...] = ("integers", "floats")
Range = tuple[float, float]
_DEPTHS = (8, 10, 12, 14, 16)  # bits of cameras and scanners
_SIXTEEN: Range = (0.0, 65535.0)
_HIGHER = (None, (0.0, 255.0), _SIXTEEN)  # ranges by which colours of 16 bits are their higher bytes
_OVER = 0.05  # how far values may pass the ends of a usual range, as sharpening does, in parts of it
_FEW = 1000  # one value in this many may lie anywhere: dead and hot pixels


@dataclass(frozen=True)
class ValueRanges:
    """For whole numbers above 8 bits and for floats: the value that becomes 0 and the one that becomes 255.

    None if the dataset had no such picture; each picture's range is then its own.
    """

    integers: Range | None = None
    floats: Range | None = None

    def of(self, kind: Kind) -> Range | None:
        """Return the range of a kind of values."""
        return self.integers if kind == "integers" else self.floats

    def to_dict(self) -> dict[str, list[float]]:
        """Return what is known, as JSON holds it."""
        known = {"integers": self.integers, "floats": self.floats}
        return {name: list(found) for name, found in known.items() if found is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Self | None:
        """Build it from what ``to_dict`` gave; None for nothing.

        Raises:
            ValueError: it holds anything but two finite numbers in order for each kind.
        """
        if not data:
            return None
        for name, found in data.items():
            if name not in KINDS or not _is_range(found):
                raise ValueError(
                    Message(
                        "expected two finite numbers in order as the range of integers or floats, got {data}", data=data
                    )
                )
        return cls(**{name: (float(low), float(high)) for name, (low, high) in data.items()})


def _is_range(found: object) -> bool:
    numbers = list(found) if isinstance(found, list | tuple) else []
    real = all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in numbers)
    return real and len(numbers) == 2 and numbers[0] <= numbers[1]


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one picture, or of several: how far they reach, and how many of them lie where.

    ``whole``: all are whole numbers; ``middle``: strictly between 1/255 and 1; ``outside``: how many lie more than a
    twentieth outside of 0..1, of -1..1 and of 0..255. NaN and infinite values are counted in ``missing`` alone.
    """

    kind: Kind
    low: float
    high: float
    count: int
    whole: bool = True
    middle: int = 0
    outside: tuple[int, int, int] = (0, 0, 0)
    missing: int = 0

    def __add__(self, other: "Values") -> "Values":
        outside = tuple(a + b for a, b in zip(self.outside, other.outside, strict=True))
        return Values(
            self.kind,
            min(self.low, other.low),
            max(self.high, other.high),
            self.count + other.count,
            self.whole and other.whole,
            self.middle + other.middle,
            (outside[0], outside[1], outside[2]),
            self.missing + other.missing,
        )


def seen(values: np.ndarray) -> Values:
    """Return what is to be known of the values of one picture.

    Raises:
        PictureError: no value is finite.
    """
    if values.dtype.kind != "f":
        return Values("integers", float(values.min()), float(values.max()), values.size)
    finite = values[np.isfinite(values)].astype(np.float64)
    if finite.size == 0:
        raise PictureError("it holds no finite number")
    low, high = float(finite.min()), float(finite.max())
    outside = tuple(_beyond(finite, low, high, *usual) for usual in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)))
    middle = int(np.count_nonzero((finite > 1 / 255) & (finite < 1)))
    whole = middle == 0 and bool((np.rint(finite) == finite).all())
    few = (outside[0], outside[1], outside[2])
    return Values("floats", low, high, finite.size, whole, middle, few, values.size - finite.size)


def _beyond(finite: np.ndarray, low: float, high: float, first: float, last: float) -> int:
    over = _OVER * (last - first)
    if low >= first - over and high <= last + over:
        return 0
    return int(np.count_nonzero((finite < first - over) | (finite > last + over)))


def decide(pictures: Sequence[Values]) -> Range:
    """Return the range of all ``pictures`` of one kind together.

    Whole numbers: 0 to the most of 8, 10, 12, 14 or 16 bits that holds them all. Floats: 0..1, -1..1 or 0..255 where
    nearly all values (but one in a thousand) lie there or a twentieth past its ends. Anything else: from the least to
    the most.
    """
    every = reduce(Values.__add__, pictures)
    if every.kind == "integers" or (every.whole and every.high > 1):
        return _depth(every)
    if _fits(every, 0) or (every.low >= 0 and every.high <= 1):
        return 0.0, 1.0
    if _fits(every, 1) and every.low <= -0.5:
        return -1.0, 1.0
    if _fits(every, 2) and every.high >= 64 and every.low >= -3:
        return 0.0, 255.0
    return every.low, every.high


def _depth(every: Values) -> Range:
    most = next((2.0**bits - 1 for bits in _DEPTHS if every.high < 2**bits), None)
    return (0.0, most) if most is not None and every.low >= 0 else (every.low, every.high)


def _fits(every: Values, usual: int) -> bool:
    """Return whether a usual range holds the values; few may lie outside, if ten times as many are plainly inside."""
    outside = every.outside[usual]
    return outside * _FEW <= every.count and outside * 10 <= (every.middle if usual < 2 else every.count)


def own_range(values: Values) -> Range:
    """Return the range of one picture by itself, if nothing else is known.

    Whole numbers: 255, 4095 (12 bits) or 65535, the first that holds them; floats: 0..1 or 0..255; else least to most.
    """
    low, high = values.low, values.high
    usual = (1.0, 255.0) if values.kind == "floats" else (255.0, 4095.0, 65535.0)
    most = next((most for most in usual if high <= most), None)
    return (0.0, most) if low >= 0 and most is not None else (low, high)


def to_levels(values: np.ndarray, known: Values, scale: Range) -> np.ndarray:
    """Return uint8: ``scale`` becomes 0..255, values outside of it its ends; NaN is the least value of the picture."""
    low, high = scale
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    if values.dtype.kind != "f" and known.low >= 0 and known.high <= 65535:
        table = _stretch(np.arange(int(known.high) + 1, dtype=np.float64), low, high)
        taken: np.ndarray = np.take(table, values if values.dtype != np.uint64 else values.astype(np.int64))
        return taken  # without a large picture of floats in memory
    clean = np.nan_to_num(values.astype(np.float64), nan=known.low, posinf=known.high, neginf=known.low)
    return _stretch(clean, low, high)


def _stretch(values: np.ndarray, low: float, high: float) -> np.ndarray:
    # halved first: the distance of two floats may be more than the largest float
    factor = 255.0 / (high - low) if math.isfinite(high - low) else 0.0
    inside = np.clip(values, low, high)
    if factor and math.isfinite(factor):
        levels: np.ndarray = (inside - low) * factor
    else:
        levels = (inside / 2 - low / 2) / (high / 2 - low / 2) * 255.0
    rounded: np.ndarray = np.rint(levels)
    return rounded.astype(np.uint8)


class Scaler:
    """Brings the values of one picture to 8 bits; ``seen`` and ``used`` are then what it held and its range.

    ``collects`` is for the first reading of a dataset, when its ranges are not known yet.
    """

    def __init__(self, ranges: ValueRanges | None = None, *, collects: bool = False) -> None:
        self.ranges = ranges or ValueRanges()
        self.collects = collects
        self.seen: Values | None = None
        self.used: Range | None = None

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return uint8 of the same shape.

        Raises:
            PictureError: no value is finite, or most lie outside of the range that was decided for such pictures.
        """
        with np.errstate(all="ignore"):  # floats of a damaged file are anything
            self.seen = seen(values)
            decided = self.ranges.of(self.seen.kind)
            if decided is not None:
                _check_inside(values, self.seen, decided)
            self.used = decided or own_range(self.seen)
            return to_levels(values, self.seen, self.used)

    @property
    def wants_deep_colours(self) -> bool:
        """Whether all 16 bits of colours matter; else the higher 8 are the picture, as in any version before."""
        return self.collects or self.ranges.integers not in _HIGHER

    def colours(self, values: np.ndarray, higher: np.ndarray) -> np.ndarray:
        """Return uint8 of colours of 16 bits, uint16 (H, W, 3), whose ``higher`` bytes are uint8 of the same shape.

        Raises:
            PictureError: most lie outside of the range that was decided for such pictures.
        """
        if self.ranges.integers not in _HIGHER:
            return self(values)
        self.seen, self.used = seen(values), _SIXTEEN
        return higher


def _check_inside(values: np.ndarray, known: Values, scale: Range) -> None:
    over = _OVER * (scale[1] - scale[0])
    low, high = scale[0] - over, scale[1] + over
    if known.low >= low and known.high <= high:
        return
    outside = np.count_nonzero((values < low) | (values > high))
    if 2 * outside > known.count:
        raise PictureError(
            "its values reach from {low} to {high}, and most lie outside of {scale} to {scale2}, the range of "
            "the pictures of this dataset; bring them to that range first",
            low=f"{known.low:g}",
            high=f"{known.high:g}",
            scale=f"{scale[0]:g}",
            scale2=f"{scale[1]:g}",
        )
