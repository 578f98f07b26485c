"""Names that look like series: pictures of one sign, one video, one patient, taken in a row."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.check import Finding
from glasshouse.data.items import Item
from glasshouse.messages import Message, Option
from glasshouse.recipe.patterns import Pattern

__all__ = ["PATTERNS", "Series", "find_series", "series_finding"]

PATTERNS = (
    r"([^/]+)[-_. ]\d+\.\w+$",  # 00003_00017.ppm
    r"([^/]+)[-_. ][A-Za-z]+\d+\.\w+$",  # clip7_frame12.png
    r"/([^/]+)/[^/]+$",  # class/clip7/0012.png
)
_SERIES = 3  # series in a class, in the middle of the classes
_FRAMES = 2.5  # pictures in a series, on average
_ALIKE = 0.75  # distance within a series by that between series of a class
_PAIRS = 2000


@dataclass(frozen=True)
class Series:
    """Series that names tell: the pattern whose first group names one, and (class, name) of each picture."""

    pattern: str
    keys: Sequence[tuple[str, str] | None]

    def bonds(self, items: Sequence[Item]) -> list[Hashable | None]:
        """Return what keeps the pictures of a series together, within the sides that the source gives."""
        return [key and (item.split, *key) for key, item in zip(self.keys, items)]


def find_series(items: Sequence[Item], thumbs: NDArray[np.uint8], rows: Sequence[int], seed: int) -> Series | None:
    """Return the series that names tell, where their pictures are alike; None if they tell none.

    ``thumbs[rows[i]]`` is the small picture of ``items[i]``. Names that merely number a class are no series.
    """
    for pattern in PATTERNS:
        keys = _keys(items, pattern)
        if keys and _many(keys) and _alike(keys, thumbs, rows, seed):
            return Series(pattern, keys)
    return None


def series_finding(series: Series, items: Sequence[Item], sides: Sequence[str]) -> Finding:
    """Return what is said of series: that each was kept in the same subset, or that some are on several."""
    spread: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, side in zip(series.keys, sides):
        if key is not None:
            spread[key].add(side)
    torn = sum(len(found) > 1 for found in spread.values())
    told = {"name": items[0].path.rsplit("/", 1)[-1], "spread": f"{len(spread):,}"}
    if not torn:
        return Finding("series-kept", Message(
            "File names such as {name} look like series ({spread} of them), and pictures of one series are more alike "
            "than others: each series was kept in the same subset. {group} splits single pictures.",
            group=Option("group", "none"), **told))  # fmt: skip
    text = Message(
        "File names such as {name} look like series ({spread} of them), and pictures of one series are more "
        "alike than others. {torn} series are on several subsets, so scores will be too good. Keep "
        "each series in one subset with {group}.",
        torn=f"{torn:,}",
        group=Option("group", f"'{series.pattern}'"),
        **told,
    )
    return Finding("series", text)


def _keys(items: Sequence[Item], pattern: str) -> list[tuple[str, str] | None]:
    """Return (class, name of the series) of each picture; nothing if more than a tenth of the names tell none."""
    search, keys = Pattern(pattern).search, list[tuple[str, str] | None]()
    without = 0
    for item in items:
        found = search(item.path)
        without += found is None
        if without > len(items) / 10:
            return []
        keys.append((item.label, found.group(1) or "") if found else None)
    return keys


def _many(keys: Sequence[tuple[str, str] | None]) -> bool:
    frames = Counter(key for key in keys if key is not None)
    series = Counter(label for label, _ in frames)
    return bool(np.median(list(series.values())) >= _SERIES and frames.total() / len(frames) >= _FRAMES)


def _alike(keys: Sequence[tuple[str, str] | None], thumbs: NDArray[np.uint8], rows: Sequence[int], seed: int) -> bool:
    """Return whether pictures of one series are more alike than pictures of two series of the same class."""
    rng = np.random.default_rng(seed)
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    classes: dict[str, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if key is not None:
            members[key].append(index)
            classes[key[0]].append(index)
    chosen = rng.permutation(len(keys))[:_PAIRS].tolist()
    inner, outer = [], []
    for index in chosen:
        key = keys[index]
        if key is None:
            continue
        same, other = (pool[int(rng.integers(len(pool)))] for pool in (members[key], classes[key[0]]))
        inner += [(index, same)] if same != index else []
        outer += [(index, other)] if keys[other] != key else []
    if not inner or not outer:
        return False
    within, between = (_distances(np.array(pairs), thumbs, rows) for pairs in (inner, outer))
    return bool(np.median(within) < _ALIKE * np.median(between))


def _distances(pairs: NDArray[np.int64], thumbs: NDArray[np.uint8], rows: Sequence[int]) -> NDArray[np.float32]:
    """Return how far the pictures of each pair are apart: root mean square over colour fields of 8x8."""
    places = np.asarray(rows)[pairs]
    a, b = (thumbs[places[:, k]].reshape(-1, 8, 4, 8, 4, 3).astype(np.float32).mean((2, 4)) for k in (0, 1))
    return np.asarray(np.sqrt(((a - b) ** 2).mean((1, 2, 3))), np.float32)
