"""A Studio's home with datasets and models in it, made by the library itself, without a worker."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import update

from corner_pictures import draw_pictures
from glasshouse.data.prepare import create_dataset
from glasshouse.errors import ConflictError
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store import predictor
from glasshouse.store.database import Store, open_store
from glasshouse.store.datasets import get_dataset, note_dataset_made
from glasshouse.store.models import get_model, note_scores
from glasshouse.store.rates import TRIAL, note_rate, rate_key
from glasshouse.store.searches import NewSearch, add_candidate, adopt_run, submit_search, write_found
from glasshouse.store.submit import NewDataset, NewModel, submit_dataset, submit_models
from glasshouse.store.tables import jobs
from glasshouse.training.loop import train
from glasshouse.web.new_model import estimates_api as estimates
from glasshouse.web.new_model import live_parts as new_model
from glasshouse.web.new_model.form import defaults, first_of, recipe_fields
from glasshouse.web.new_model.presets import presets_for


@dataclass(frozen=True)
class Studio:
    """A store, the folder of pictures behind it, and the ids of what was made."""

    store: Store
    pictures: Path
    dataset: str
    model: str


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


def make_search(store: Store, dataset: str, model: str, name: str, state: str = "done") -> str:
    """Make a search whose candidates are the run of ``model``; return the id of the model that it leaves.

    Of its four candidates the second leads, the third cannot be told from it, and the fourth was dropped early.
    """
    run, recipe = store.path(f"runs/{model}"), {**get_model(store, model).recipe, "learn_from": "fold 1/5"}
    record = submit_search(store, NewSearch(name, dataset, minutes=10))
    rows: list[dict[str, Any]] = []
    for number, (accuracy, p) in enumerate(((0.8, 0.01), (0.92, None), (0.9, 0.5), (0.6, None)), 1):
        found = add_candidate(store, record, number, run, recipe, {"valid_accuracy": accuracy, "seconds": 6.0})
        rows.append({"number": number, "model": found, "network": "Dense128", "accuracy": accuracy, "p": p,
                     "interval": [accuracy - 0.1, min(1.0, accuracy + 0.06)], "pictures": 60, "seconds": 9.0 - number,
                     "at": 40.0 * number, "run": "", "fields": {"strategy": "scratch", "epochs": 2}})  # fmt: skip
    best = {"number": 2, "accuracy": 0.92, "interval": [0.82, 0.98], "pictures": 60, "corrected": 0.89,
            "corrected_interval": [0.8, 0.96]}  # fmt: skip
    rows[0]["best"], rows[1]["best"] = {**best, "number": 1, "accuracy": 0.8, "corrected": 0.8}, best
    told = {"candidates": rows, "best": best, "seconds": 250.0}
    if state == "done":
        adopt_run(store, record, run, recipe)
        told["ended"] = "time"
        note_scores(store, record.id, {"accuracy": 0.9, "interval": [0.8, 0.95], "count": 24})
    write_found(store, record.id, told)
    finish(store, record.job_id, state, stage="training", done=4000, total=10000, remaining=350.0,
           finished_at=time.time() if state == "done" else None)  # fmt: skip
    return record.id


def note_paces(store: Store, dataset: str) -> None:
    """Write down a pace of each way to train that an empty form offers, as if it had been measured here.

    Where a test is not about measuring, no page that shows the form then trains beside it for seconds.
    """
    data = get_dataset(store, dataset).recipe
    pace = {"learn": 1e-3, "look": 1e-4, "frozen": 5e-4, "start": 5.0, "memory": 2**29, "device": "cpu"}
    own = recipe_fields(first_of(defaults()), None)
    for recipe in (own, *(way.recipe for way in presets_for(data))):
        note_rate(store, rate_key(recipe, data), TRIAL, pace)


def make_studio(home: Path) -> Studio:
    """Make a home with one dataset of pictures and one model trained on it."""
    pictures = draw_pictures(home / "given" / "corners")
    store = open_store(home / "home", folders=(home / "given",))
    dataset = make_dataset(store, "Corners", pictures)
    return Studio(store, pictures, dataset, make_model(store, dataset, "First try"))


def copied(seed: Studio, home: Path) -> Studio:
    """Return a Studio of its own for a test that changes things: a copy of ``seed``, whose store is closed."""
    copytree(seed.store.home, home)
    return replace(seed, store=open_store(home, folders=seed.store.folders))


def unanswered(*_: Any) -> dict[str, Any]:
    """Answer as what asks another process does where there is none, without the wait."""
    raise ConflictError("No process answered.")


@contextmanager
def alone() -> Iterator[None]:
    """Run pages where no worker runs: nobody waits for its predictor, nothing is trained or loaded to be measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "_answer", unanswered)
        for place in (estimates, new_model):
            patch.setattr(place, "try_out", unanswered)
            patch.setattr(place, "fitting", unanswered)
        yield
