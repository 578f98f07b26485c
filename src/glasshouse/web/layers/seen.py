"""What was kept of a model's layers, as its pages show it: stages, filters in an order, and the way from a picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.explanation.layers.boxes import Box
from glasshouse.explanation.layers.kept_files import (
    FOLDER,
    FilterLayer,
    KeptFilters,
    file_digest,
    read_filters,
    read_statistics,
)

__all__ = ["ORDERS", "Frame", "Stage", "Tile", "excited", "frames", "kept_filters", "kept_statistics", "ordered",
           "stages"]  # fmt: skip

ORDERS = ("selective", "strongest", "number")


@dataclass(frozen=True)
class Stage:
    """Convolutions one after another whose maps have the same size."""

    number: int
    height: int
    width: int
    layers: tuple[str, ...]
    filters: int

    @property
    def first(self) -> str:
        """The layer that the ribbon leads to: the last one, which sees most."""
        return self.layers[-1]


@dataclass(frozen=True)
class Tile:
    """A filter in the grid: its nine patches are one picture; ``share`` of the nine are of class ``label``."""

    filter: int
    largest: float
    silent: bool
    label: str
    share: int


@dataclass(frozen=True)
class Frame:
    """A picture of the split with the patch that excites the filter."""

    row: int
    label: str
    path: str
    activation: float
    box: Box

    @property
    def rect(self) -> tuple[int, int, int, int]:
        """x, y, width and height of the patch."""
        x0, y0, x1, y1 = self.box
        return x0, y0, x1 - x0, y1 - y0


@dataclass(frozen=True)
class Excited:
    """A filter that a picture is among the nine of: ``rank`` 1 is the strongest of all pictures."""

    layer: str
    filter: int
    rank: int
    activation: float
    box: Box = field(default=(0, 0, 0, 0))


def kept_filters(run: Path, dataset: Dataset | None, split: str) -> KeptFilters | None:
    """Return what excites the filters of a run's model with the pictures of a split; None if that is not known yet."""
    return None if dataset is None else read_filters(run / FOLDER, split, _facts(run, dataset, split))


def kept_statistics(run: Path, dataset: Dataset | None, split: str) -> list[dict[str, Any]] | None:
    """Return the statistics of the layers over a split; None if they are not known yet."""
    return None if dataset is None else read_statistics(run / FOLDER, split, _facts(run, dataset, split))


def stages(kept: KeptFilters) -> list[Stage]:
    """Return the convolutions in groups of one size of map, from the picture to the answer."""
    groups: list[list[FilterLayer]] = []
    for one in kept.layers.values():
        if not groups or _size(groups[-1][0]) != _size(one):
            groups.append([])
        groups[-1].append(one)
    return [
        Stage(number, *_size(group[0]), tuple(one.name for one in group), group[-1].filters)
        for number, group in enumerate(groups, 1)
    ]


def ordered(
    layer: FilterLayer, labels: NDArray[np.int64], classes: Sequence[str], order: str, chosen: str = ""
) -> list[Tile]:
    """Return the filters of a layer: the most selective first (most of the nine of one class), or otherwise.

    ``chosen`` keeps those whose commonest class it is.
    """
    tiles = [_tile(layer, number, labels, classes) for number in range(layer.filters)]
    if chosen:
        tiles = [one for one in tiles if one.label == chosen]
    keys = {
        "selective": lambda one: (one.silent, -one.share, -one.largest),
        "strongest": lambda one: (one.silent, -one.largest),
    }
    return sorted(tiles, key=keys[order]) if order in keys else tiles


def frames(layer: FilterLayer, number: int, dataset: Dataset, split: str) -> list[Frame]:
    """Return the nine pictures of a filter with the patch in each."""
    part = dataset.splits[split]
    found = []
    for rank, row in enumerate(int(row) for row in layer.rows[:, number].tolist()):
        value = float(layer.values[rank, number])
        label = dataset.classes[int(part.labels[row])]
        found.append(Frame(row, label, str(part.paths[row]), value, layer.box(rank, number)))
    return found


def excited(kept: KeptFilters, row: int) -> list[Excited]:
    """Return the filters that have this picture among their nine, the latest layers first, the best ranks first."""
    return [one for layer in reversed(list(kept.layers.values())) for one in sorted(_excited(layer, row), key=_rank)]


def _excited(layer: FilterLayer, row: int) -> Iterator[Excited]:
    for rank, number in zip(*(each.tolist() for each in np.nonzero(layer.rows == row))):
        if not layer.silent(number):
            yield Excited(layer.name, number, rank + 1, float(layer.values[rank, number]), layer.box(rank, number))


def _rank(one: Excited) -> tuple[int, float]:
    return one.rank, -one.activation


def _tile(layer: FilterLayer, number: int, labels: NDArray[np.int64], classes: Sequence[str]) -> Tile:
    counts = np.bincount(labels[np.asarray(layer.rows[:, number], np.int64)], minlength=len(classes))
    best = int(counts.argmax())
    return Tile(number, float(layer.values[0, number]), layer.silent(number), classes[best], int(counts[best]))


def _size(layer: FilterLayer) -> tuple[int, int]:
    return layer.field.height, layer.field.width


def _facts(run: Path, dataset: Dataset, split: str) -> Mapping[str, str]:
    return {"weights": file_digest(run / "model"), "dataset": dataset.fingerprint, "split": split}
