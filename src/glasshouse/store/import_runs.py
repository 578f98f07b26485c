"""Bringing into the Studio what the command line or Python made: a dataset's folder, a run's folder."""

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, update

from glasshouse.errors import ConflictError, InputError
from glasshouse.integrity.documents import parse_object
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store, new_id
from glasshouse.store.datasets import get_dataset, list_datasets, note_dataset_made
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.models import get_model
from glasshouse.store.ownership import Listing
from glasshouse.store.places import from_runs
from glasshouse.store.records import DatasetRecord, JobKind, JobState, ModelRecord
from glasshouse.store.results import result_place
from glasshouse.store.submit import submit_evaluation
from glasshouse.store.tables import datasets, jobs, models

if TYPE_CHECKING:
    from glasshouse.data.dataset import Dataset

__all__ = ["add_done", "import_dataset", "import_run", "note_whole_dataset"]


def import_dataset(store: Store, folder: str | Path, name: str) -> DatasetRecord:
    """Copy a dataset into the Studio; one of the same fingerprint that is there already is returned instead.

    Raises:
        DatasetError: there is no dataset in ``folder``.
    """
    from glasshouse.data.dataset import open_dataset

    dataset = open_dataset(folder)
    for known in list_datasets(store, listing=Listing(limit=10_000)):
        if known.fingerprint == dataset.fingerprint and known.state is JobState.DONE:
            return known
    dataset_id, now = new_id(), time.time()
    place = store.path(f"datasets/{dataset_id}")
    _copy(Path(folder), place)
    recipe = DatasetRecipe.load(place / "recipe.json").model_dump(mode="json")
    job = NewJob(JobKind.DATASET, name, dataset_id=dataset_id)
    values = {**_common(dataset_id, name, job, recipe, now), "folder": f"datasets/{dataset_id}"}
    with store.write() as connection:
        connection.execute(insert(datasets).values(**values))
        add_done(connection, job, now)
    note_whole_dataset(store, dataset_id, open_dataset(place))
    return get_dataset(store, dataset_id)


def import_run(store: Store, run: str | Path, name: str, dataset_id: str) -> ModelRecord:
    """Copy a finished run into the Studio, as trained on a dataset that is there, and queue its scoring.

    Raises:
        InputError: there is no finished run in ``run``.
        ConflictError: it was trained on another dataset.
    """
    source = Path(run)
    if not (source / "model" / "model.json").is_file() or not (source / "recipe.json").is_file():
        raise InputError(
            "There is no finished run in {run}; give the folder that glasshouse train --out made.", run=run
        )
    from glasshouse.training.run_folder import RunFolder

    recipe = RunFolder(source).recipe
    dataset = get_dataset(store, dataset_id)
    if recipe.fingerprint not in (None, dataset.fingerprint):
        raise ConflictError(
            "{run} was trained on another dataset than {name}; bring that one first.", run=run, name=dataset.name
        )
    model_id, now = new_id(), time.time()
    place = store.path(f"runs/{model_id}")
    _copy(source, place)
    recipe = recipe.replace(data=from_runs(dataset.folder))
    RunFolder(place).write_recipe(recipe)
    job = NewJob(JobKind.TRAIN, name, dataset_id=dataset_id, model_id=model_id)
    values = _common(model_id, name, job, recipe.model_dump(mode="json"), now)
    values |= {"folder": f"runs/{model_id}", "network": recipe.network_name, "dataset_id": dataset_id}
    with store.write() as connection:
        connection.execute(insert(models).values(**values, scores=_scores(place)))
        add_done(connection, job, now)
    if dataset.summary is not None and "val" in dataset.summary["splits"]:
        submit_evaluation(store, model_id, "val")
    return get_model(store, model_id)


def _common(record_id: str, name: str, job: NewJob, recipe: dict[str, Any], now: float) -> dict[str, Any]:
    return {"id": record_id, "name": name, "shared": True, "group_name": "", "notes": "", "recipe": recipe,
            "job_id": job.id, "revision": 1, "created_at": now, "updated_at": now}  # fmt: skip


def note_whole_dataset(store: Store, dataset_id: str, dataset: "Dataset") -> None:
    """Keep what a dataset holds that was made elsewhere."""
    summary = {key: value for key, value in dataset.summary().items() if key != "path"}
    size = sum(file.stat().st_size for file in dataset.path.rglob("*") if file.is_file())
    note_dataset_made(store, dataset_id, {**summary, "rejected_count": len(summary["rejected"])}, size)


def add_done(connection: Connection, job: NewJob, now: float) -> None:
    """Note a job that was done elsewhere, within the caller's transaction."""
    add_job(connection, job)
    done = {"state": JobState.DONE, "attempt": 1, "version": 1, "started_at": now, "finished_at": now}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(**done))


def _copy(source: Path, place: Path) -> None:
    beside = place.with_name(f".{place.name}.part")
    shutil.copytree(source, beside, ignore=shutil.ignore_patterns(".lock", "test-openings.jsonl.lock"))
    beside.rename(place)


def _scores(run: Path) -> dict[str, Any]:
    """Return the scores of a finished run from what it said and from its report."""
    found: dict[str, Any] = {}
    for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            event = parse_object(line, finite=False)
        except ValueError as error:
            raise InputError("The run at {run} is damaged: events.jsonl: {error}.", run=run, error=error) from None
        names = {
            "run-started": ("epochs", "device", "parameters", "trainable"),
            "epoch": ("epoch", "train_loss", "valid_loss", "valid_accuracy"),
            "run-finished": ("best_epoch", "seconds"),
        }.get(str(event.get("type")), ())
        found |= {name: event.get(name) for name in names}
    report = run / "report-val.json"
    if report.is_file():
        told = json.loads(report.read_text(encoding="utf-8"))
        found |= {name: told[name] for name in ("accuracy", "interval", "count")}
        place = result_place(run, "val").with_suffix(".json")
        place.parent.mkdir(exist_ok=True)
        place.write_text(report.read_text(encoding="utf-8"), encoding="utf-8")
    return found
