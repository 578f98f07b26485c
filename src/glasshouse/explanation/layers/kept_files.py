"""What was found about the layers of a model, as files in its ``explanations/``; read without torch.

``filters-SPLIT.npz`` has the strongest pictures of every filter, ``filters-SPLIT.json`` and ``statistics-SPLIT.json``
the layers. Each names the weights that it was found with, so that what an earlier training left is not shown.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.explanation.layers.boxes import Box, ReceptiveField
from glasshouse.integrity.arrays import read_arrays, write_arrays
from glasshouse.integrity.documents import checksum_fault, read_object, with_checksum

__all__ = [
    "FOLDER", "FilterLayer", "KeptFilters", "file_digest", "read_filters", "read_statistics", "write_filters",
    "write_statistics",
]  # fmt: skip

FOLDER = "explanations"
ARRAYS = ("values", "rows", "places")
VERSION = 1


@dataclass(frozen=True, eq=False)
class FilterLayer:
    """A convolution's filters: for each the pictures that excite it most, best first.

    ``values`` float32 (k, F), ``rows`` (k, F) in the split, ``places`` (k, F) in the map, counted row by row.
    """

    name: str
    field: ReceptiveField
    values: NDArray[np.generic]
    rows: NDArray[np.generic]
    places: NDArray[np.generic]

    @property
    def filters(self) -> int:
        """How many filters it has."""
        return int(self.values.shape[1])

    def box(self, rank: int, number: int) -> Box:
        """The box in the picture of rank ``rank`` of filter ``number``: x0, y0, x1, y1 in pixels."""
        return self.field.box(int(self.places[rank, number]))

    def silent(self, number: int) -> bool:
        """Whether no picture excites the filter."""
        return not float(self.values[0, number]) > 0


@dataclass(frozen=True, eq=False)
class KeptFilters:
    """The filters of all convolutions; ``tiles`` uint8 (F, KH, KW, C): those of the first one, if they are colours."""

    split: str
    pictures: int
    layers: Mapping[str, FilterLayer]
    tiles: NDArray[np.generic] | None = None


def file_digest(model: Path) -> str:
    """Return the SHA-256 of the weights in a model's folder as its manifest has it; "" if there is none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(read_object(model / "model.json")["weights"]["sha256"])
    return ""


def write_filters(folder: Path, kept: KeptFilters, facts: Mapping[str, Any]) -> None:
    """Keep the filters in ``folder``; ``facts`` are the digests that they follow from."""
    arrays = {f"{number}.{name}": getattr(one, name) for number, one in enumerate(kept.layers.values())
              for name in ARRAYS}  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder / f"filters-{kept.split}.npz", arrays | ({} if kept.tiles is None else {"tiles": kept.tiles}))
    layers = [{"name": one.name, "field": one.field.to_dict()} for one in kept.layers.values()]
    _write(folder / f"filters-{kept.split}.json", {**facts, "pictures": kept.pictures, "layers": layers})


def read_filters(folder: Path, split: str, facts: Mapping[str, Any]) -> KeptFilters | None:
    """Return what was kept for these facts; None if there is nothing, or it is damaged or of other weights."""
    found = _read(folder / f"filters-{split}.json", facts)
    if found is None:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        arrays = read_arrays(folder / f"filters-{split}.npz")
        layers = {
            one["name"]: FilterLayer(
                one["name"], ReceptiveField.from_dict(one["field"]), *(arrays[f"{number}.{name}"] for name in ARRAYS)
            )
            for number, one in enumerate(found["layers"])
        }
        return KeptFilters(split, int(found["pictures"]), layers, arrays.get("tiles"))
    return None


def write_statistics(
    folder: Path, split: str, pictures: int, layers: list[dict[str, Any]], facts: Mapping[str, Any]
) -> None:
    """Keep the statistics of all layers over ``pictures`` pictures in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"statistics-{split}.json", {**facts, "pictures": pictures, "layers": layers})


def read_statistics(folder: Path, split: str, facts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the statistics of all layers; None as ``read_filters``."""
    found = _read(folder / f"statistics-{split}.json", facts)
    return None if found is None else list(found["layers"])


def _write(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(with_checksum({"version": VERSION, **content}), ensure_ascii=False)
    beside = file.with_name(f".{hashlib.sha256(text.encode()).hexdigest()[:8]}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


def _read(file: Path, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        found = read_object(file)
        same = found.get("version") == VERSION and all(found.get(key) == value for key, value in facts.items())
        return found if same and checksum_fault(found) is None else None
    return None
