"""What the layers of a run see, kept in its folder: ``explanations/filters-SPLIT`` and ``statistics-SPLIT``."""

import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from glasshouse.events import Progress
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.statistics import layer_statistics
from glasshouse.explanation.layers.strongest import Strongest, strongest
from glasshouse.explanation.opened import OpenedModel
from glasshouse.integrity.arrays import write_arrays
from glasshouse.integrity.documents import with_checksum

__all__ = ["keep_filters", "keep_statistics", "weights_digest"]

FOLDER = "explanations"


def weights_digest(network: nn.Module) -> str:
    """Return the SHA-256 of all weights and statistics of a network, with their names."""
    found = hashlib.sha256()
    for name, value in network.state_dict().items():
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    return found.hexdigest()


def keep_filters(opened: OpenedModel, run: Path, split: str) -> Generator[Progress, None, dict[str, Any]]:
    """Find what excites every filter most, with the pictures of a split, and keep it."""
    pictures = opened.split(split)
    found = yield from strongest(opened.module, Batches(opened, pictures))
    arrays = {f"{number}.{name}": getattr(one, name) for number, one in enumerate(found.values())
              for name in ("values", "rows", "places")}  # fmt: skip
    (run / FOLDER).mkdir(exist_ok=True)
    write_arrays(run / FOLDER / f"filters-{split}.npz", arrays)
    layers = [_facts(one) for one in found.values()]
    _write(run, f"filters-{split}", {**_facts_of(opened, split), "layers": layers})
    return {"layers": len(layers), "filters": sum(one["filters"] for one in layers)}


def keep_statistics(opened: OpenedModel, run: Path, split: str) -> Generator[Progress, None, dict[str, Any]]:
    """Measure every layer over the pictures of a split, and keep it."""
    found = yield from layer_statistics(opened.module, Batches(opened, opened.split(split)))
    _write(run, f"statistics-{split}", {**_facts_of(opened, split), "layers": [one.to_dict() for one in found]})
    return {"layers": len(found)}


def _facts(one: Strongest) -> dict[str, Any]:
    c = one.convolution
    return {"name": c.name, "seen": c.seen, "filters": c.filters, "height": c.height, "width": c.width,
            "silent": int(one.silent.sum())}  # fmt: skip


def _facts_of(opened: OpenedModel, split: str) -> dict[str, Any]:
    dataset = opened.dataset
    return {"weights": weights_digest(opened.module), "dataset": "" if dataset is None else dataset.fingerprint,
            "split": split, "pictures": len(opened.split(split))}  # fmt: skip


def _write(run: Path, name: str, content: Mapping[str, Any]) -> None:
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    beside = folder / f".{name}.part"
    beside.write_text(json.dumps(with_checksum(content), ensure_ascii=False), encoding="utf-8")
    beside.replace(folder / f"{name}.json")
