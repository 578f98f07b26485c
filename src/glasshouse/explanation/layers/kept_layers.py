"""What the layers of a model see, computed once: the filters' pictures, and the statistics."""

from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from glasshouse.events import Progress
from glasshouse.explanation.layers.first_layer import first_tiles
from glasshouse.explanation.layers.kept_files import (
    FOLDER,
    FilterLayer,
    KeptFilters,
    file_digest,
    read_filters,
    read_statistics,
    write_filters,
    write_statistics,
)
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.receptive_field import receptive_fields
from glasshouse.explanation.layers.statistics import LayerStatistics, layer_statistics
from glasshouse.explanation.layers.strongest import strongest
from glasshouse.explanation.opened import OpenedModel

__all__ = ["found_filters", "found_statistics", "keep_filters", "keep_statistics"]

MEASURED = 8  # pictures whose gradients give the effective fields

FiltersFound = Generator[Progress, None, KeptFilters]
StatisticsFound = Generator[Progress, None, Sequence[LayerStatistics]]


def keep_filters(opened: OpenedModel, run: Path, split: str) -> Generator[Progress, None, dict[str, Any]]:
    """Find what excites every filter most, with the pictures of a split, and keep it in the run's folder."""
    found = yield from found_filters(opened, split)
    return {"layers": len(found.layers), "filters": sum(one.filters for one in found.layers.values())}


def keep_statistics(opened: OpenedModel, run: Path, split: str) -> Generator[Progress, None, dict[str, Any]]:
    """Measure every layer over the pictures of a split, and keep it in the run's folder."""
    found = yield from found_statistics(opened, split)
    return {"layers": len(found)}


def found_filters(opened: OpenedModel, split: str) -> FiltersFound:
    """Yield progress and return the strongest pictures of every filter; what is kept is not computed again."""
    folder, facts = _folder(opened), _facts(opened, split)
    if folder is not None and (kept := read_filters(folder, split, facts)) is not None:
        return kept
    network, pictures = opened.module, opened.split(split)
    best = yield from strongest(network, Batches(opened, pictures))
    chosen = np.unique(np.linspace(0, len(pictures) - 1, min(MEASURED, len(pictures))).round().astype(np.int64))
    convolutions = [one.convolution for one in best.values()]
    fields = receptive_fields(network, convolutions, opened.inputs(pictures.rows(chosen)))
    layers = {name: FilterLayer(name, fields[name], one.values, one.rows, one.places) for name, one in best.items()}
    tiles = first_tiles(network, convolutions[0]) if convolutions else None
    found = KeptFilters(split, len(pictures), layers, tiles)
    if folder is not None:
        with suppress(OSError):  # a folder that cannot be written: it is computed each time
            write_filters(folder, found, facts)
    return found


def found_statistics(opened: OpenedModel, split: str) -> StatisticsFound:
    """Yield progress and return the statistics of every layer; what is kept is not computed again."""
    folder, facts = _folder(opened), _facts(opened, split)
    if folder is not None and (kept := read_statistics(folder, split, facts)) is not None:
        return [LayerStatistics.from_dict(one) for one in kept]
    found = yield from layer_statistics(opened.module, Batches(opened, opened.split(split)))
    if folder is not None:
        with suppress(OSError):
            write_statistics(folder, split, len(opened.split(split)), [one.to_dict() for one in found], facts)
    return found


def _folder(opened: OpenedModel) -> Path | None:
    """Where it is kept: in the folder of the run; None if there is none."""
    path = opened.model.path
    run = None if path is None else path.parent
    return run / FOLDER if run is not None and (run / "run.json").is_file() else None


def _facts(opened: OpenedModel, split: str) -> dict[str, str]:
    path, dataset = opened.model.path, opened.dataset
    digest = file_digest(path) if path is not None else ""
    return {"weights": digest, "dataset": "" if dataset is None else dataset.fingerprint, "split": split}
