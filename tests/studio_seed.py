"""A Studio's home with datasets and models in it, made by the library itself, without a worker."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import update

from glasshouse.data.prepare import create_dataset
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset, note_dataset_made
from glasshouse.store.models import get_model, note_scores
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import jobs
from glasshouse.training.loop import train


@dataclass(frozen=True)
class Studio:
    """A store, the folder of pictures behind it, and the ids of what was made."""

    store: Store
    pictures: Path
    dataset: str
    model: str


def draw_pictures(folder: Path, each: int = 30) -> Path:
    """Write class folders of small pictures that differ by their brightest corner, one damaged file among them."""
    random = np.random.default_rng(7)
    for number, name in enumerate(("left", "right <b>", "both")):
        (folder / name).mkdir(parents=True)
        for k in range(each):
            pixels = random.integers(0, 150, (32, 32, 3), np.uint8)
            lift = random.integers(5, 90)
            if number in (0, 2):
                pixels[4:14, 4:14] += np.uint8(lift)
            if number in (1, 2):
                pixels[4:14, 18:28] += np.uint8(lift)
            Image.fromarray(pixels).save(folder / name / f"{name[:4]}-{k:03d}.png")
    (folder / "left" / "broken.png").write_bytes(b"no picture")
    return folder


def finish(store: Store, job: str, state: str = "done", **values: object) -> None:
    """Write into a job what a worker would."""
    now = time.time()
    changes = {"state": state, "started_at": now - 8, "finished_at": now, "done": 1, "total": 1, **values}
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job).values(**changes))


def make_dataset(store: Store, name: str, source: Path) -> str:
    """Make a dataset as the Studio's worker does."""
    recipe = {"source": str(source), "width": 28, "height": 28, "color": "gray", "valid": 0.2, "test": 0.2}
    record = submit_dataset(store, NewDataset(name, recipe))
    made = create_dataset(DatasetRecipe(**{**record.recipe, "source": str(source)}), store.path(record.folder))
    note_dataset_made(store, record.id, made.summary(), 1000)
    finish(store, record.job_id)
    return record.id


def make_model(store: Store, dataset: str, name: str, epochs: int = 2) -> str:
    """Train a model as the Studio's worker does."""
    recipe = {"network": "Dense128", "epochs": epochs, "batch_size": 16}
    (record,) = submit_models(store, NewModel(name, dataset, recipe))
    data = store.path(get_dataset(store, dataset).folder)
    run = store.path(record.folder)
    list(train(TrainingRecipe(**{**recipe, "data": str(data)}), run))
    report = json.loads((run / "report-val.json").read_text())
    scores = {key: report[key] for key in ("accuracy", "interval", "count")}
    note_scores(store, record.id, {**scores, "epoch": epochs, "epochs": epochs, "best_epoch": epochs})
    finish(store, get_model(store, record.id).job_id)
    return record.id


def make_studio(home: Path) -> Studio:
    """Make a home with one dataset of pictures and one model trained on it."""
    pictures = draw_pictures(home / "given" / "corners")
    store = open_store(home / "home", folders=(home / "given",))
    dataset = make_dataset(store, "Corners", pictures)
    return Studio(store, pictures, dataset, make_model(store, dataset, "First try"))
