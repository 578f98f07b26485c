"""A running Studio with a dataset and two trained models in it, so that no test waits for a training."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from studio_running import Studio

from corner_pictures import draw_pictures
from glasshouse.store.database import open_store
from glasshouse.store.models import get_model
from studio_seed import make_dataset, make_model

__all__ = ["Seeded", "seeded_studio"]


@dataclass(frozen=True)
class Seeded:
    """The Studio, its pictures, what is in it by id; ``weights`` of the first: as safetensors, and torch's own."""

    studio: Studio
    pictures: Path
    dataset: str
    first: str
    second: str
    weights: tuple[Path, Path]


def seeded_studio(place: Path) -> Seeded:
    """Start a Studio with the dataset ``Corners`` and the models ``First try`` and ``Second try``."""
    pictures = draw_pictures(place / "given" / "corners")
    store = open_store(place / "home", folders=(place / "given",))
    dataset = make_dataset(store, "Corners", pictures)
    first, second = (make_model(store, dataset, name, n) for name, n in (("First try", 2), ("Second try", 5)))
    safe, own = store.path(get_model(store, first).folder) / "model" / "weights.safetensors", place / "weights.pth"
    torch.save(load_file(safe), own)
    store.close()
    return Seeded(Studio(place / "home", place / "given"), pictures, dataset, first, second, (safe, own))
