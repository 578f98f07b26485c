"""What each kind of job does, within its child process, which works in the folder ``runs`` of the home."""

import json
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from glasshouse.data.samples import sample
from glasshouse.errors import DatasetError, MissingError
from glasshouse.events import Event
from glasshouse.jobs.classify import classify
from glasshouse.jobs.explaining import explain_model
from glasshouse.jobs.exporting import export_file
from glasshouse.jobs.progress import ProgressWriter
from glasshouse.jobs.searching import search_best
from glasshouse.jobs.validation import heard, keep_validation
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset, note_dataset_made
from glasshouse.store.jobs import list_jobs
from glasshouse.store.models import get_model
from glasshouse.store.people import list_users
from glasshouse.store.places import check_named
from glasshouse.store.rates import RUN, note_rate, rate_key
from glasshouse.store.records import JobKind, JobRecord, JobState, ModelRecord
from glasshouse.store.results import result_place, write_answers, write_report
from glasshouse.store.weights import shelf_of

__all__ = ["WORK"]

LISTED = 200  # of the files left out, kept in the database


def make_dataset(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Make a dataset; what it holds is kept in its record."""
    from glasshouse.data.dataset import open_dataset

    record = get_dataset(store, str(job.dataset_id))
    recipe = DatasetRecipe(**record.recipe)
    place = store.path(record.folder)
    with closing(_version(store, job, recipe, place) or _made_of_source(store, recipe, place)) as events:
        for event in events:
            progress.hear(event)
    dataset = open_dataset(place)
    summary = {name: value for name, value in dataset.summary().items() if name != "path"}
    summary |= {"rejected_count": len(summary["rejected"]), "rejected": summary["rejected"][:LISTED]}
    note_dataset_made(store, record.id, summary, _size(place))
    return {"fingerprint": dataset.fingerprint}


def _made_of_source(store: Store, recipe: DatasetRecipe, place: Path) -> Generator[Event, None, None]:
    from glasshouse.data.prepare import prepare_dataset

    given = sample(recipe.source) if recipe.source.startswith("sample:") else None
    if given is None:
        _check_named_pictures(store, recipe)
    yield from prepare_dataset(recipe, place, given)


def _version(store: Store, job: JobRecord, recipe: DatasetRecipe, place: Path) -> Generator[Event, None, None] | None:
    """Return the making of a version of the stored pictures; None for other datasets, or without the parent."""
    from glasshouse.data.dataset import open_dataset
    from glasshouse.data.editing.version import prepare_version

    if "parent" not in job.arguments:
        return None
    try:
        parent = open_dataset(store.path(get_dataset(store, str(job.arguments["parent"])).folder))
    except (DatasetError, MissingError):
        return None
    before = len(parent.recipe.edits)
    return prepare_version(parent, recipe.edits[before:], place, _person(store, job))


def train_model(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Train a model, or go on with it, and score it on its validation pictures."""
    from glasshouse.recipe import TrainingRecipe
    from glasshouse.training.loop import resume, train

    record = get_model(store, str(job.model_id))
    _check_data(store, record)
    run = Path(record.id)  # relative to runs, where this process works
    if (run / "recipe.json").exists():
        events = resume(run)
    else:
        shutil.rmtree(run, ignore_errors=True)  # what a process left that was killed before it began
        events = train(TrainingRecipe(**record.recipe), run)
    with closing(events):  # type: ignore[type-var]
        for event in events:
            progress.hear(event)
    progress.stage("scoring")
    found = keep_validation(store, record, run, progress)
    if job.attempt <= 1 and job.started_at:
        _note_pace(store, record, run, time.time() - job.started_at)
    return found


def evaluate_model(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Score a model on a split of a dataset."""
    progress.stage("scoring")
    record = get_model(store, str(job.model_id))
    return _score(store, record, job, progress)


def classify_many(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Classify many pictures into a table, with scores where their truth is known."""
    from glasshouse.data.sources.gathering import find_pictures
    from glasshouse.data.sources.source import LISTS, TABLES
    from glasshouse.export.bundle import load_model
    from glasshouse.training.checkpoint_model import checkpoint_model

    record = get_model(store, str(job.model_id))
    source = str(job.arguments["source"])
    if Path(source).is_dir() or Path(source).suffix.lower() in (*LISTS, *TABLES):
        check_named(store, [source], find_pictures(source, ()).named)
    checkpoint, dataset = job.arguments.get("checkpoint"), record.dataset_id
    data = store.path(get_dataset(store, dataset).folder) if checkpoint and dataset else None
    model = checkpoint_model(record.id, str(checkpoint), data) if checkpoint else load_model(record.id)
    return classify(model, source, store.path(f"work/{job.id}"), progress.hear)


def keep_weights(store: Store, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    """Put weights on the shelf of the home: an uploaded file, or published ones that are fetched."""
    from glasshouse.networks.shelf.adding import add_file, fetch_item

    told, shelf = {name: str(value) for name, value in job.arguments.items()}, shelf_of(store)
    if told["do"] == "fetch":
        progress.stage("fetching")
        item = fetch_item(told["name"], told["by"], shelf)
    else:
        progress.stage("reading")
        words = {name: told[name] for name in ("network", "name", "licence", "source", "by")}
        item = add_file(Path(told["file"]), **words, folder=shelf)
    return {"name": item.card.name, "network": item.card.network, "notes": list(item.notes)}


WORK: Mapping[JobKind, Callable[[Store, JobRecord, ProgressWriter], dict[str, Any]]] = {
    JobKind.DATASET: make_dataset,
    JobKind.TRAIN: train_model,
    JobKind.EVALUATE: evaluate_model,
    JobKind.CLASSIFY: classify_many,
    JobKind.WEIGHTS: keep_weights,
    JobKind.SEARCH: search_best,
    JobKind.EXPLAIN: explain_model,
    JobKind.EXPORT: export_file,
}


def _check_data(store: Store, record: ModelRecord) -> None:
    """Refuse to begin where the files of the dataset are gone; it is named as people know it."""
    if record.dataset_id is None:
        return
    data = get_dataset(store, record.dataset_id)
    if not (store.path(data.folder) / "dataset.json").is_file():
        raise DatasetError(
            "The files of the dataset {name} are gone: the Studio keeps them in {folder} of its home, and there "
            "is no dataset there. Put that folder back, or make the dataset again.",
            name=data.name,
            folder=data.folder,
        )


def _note_pace(store: Store, record: ModelRecord, run: Path, seconds: float) -> None:
    """Keep how fast it went on this computer, for the estimates of later trainings."""
    from glasshouse.training.time_estimate import pace_of_run, peak_memory

    device = str(get_model(store, record.id).scores.get("device", "cpu"))
    pace = pace_of_run(run, peak_memory(device), seconds)
    if pace is not None:
        data = get_dataset(store, str(record.dataset_id)).recipe
        busy = len(list_jobs(store, states=[JobState.RUNNING], limit=2)) > 1
        note_rate(store, rate_key(record.recipe, data), RUN, pace.to_dict(), busy)


def _score(store: Store, record: ModelRecord, job: JobRecord, progress: ProgressWriter) -> dict[str, Any]:
    from glasshouse.data.dataset import open_dataset
    from glasshouse.export.bundle import load_model
    from glasshouse.export.scoring import scored_labels, scoring

    dataset_id, split = str(job.dataset_id), str(job.arguments["split"])
    dataset = open_dataset(store.path(get_dataset(store, dataset_id).folder))
    person = _person(store, job)
    report, probabilities = heard(scoring(load_model(record.id), dataset, split, record.name, person), progress)
    own = dataset_id == record.dataset_id
    place = result_place(store.path(record.folder), split, None if own else dataset_id)
    write_answers(place, scored_labels(report, dataset, split), probabilities)
    write_report(place, report.to_dict())
    return {"accuracy": report.accuracy, "interval": list(report.interval), "count": report.count}


def _person(store: Store, job: JobRecord) -> str | None:
    return next((user.name for user in list_users(store) if user.id == job.user_id), None)


def _check_named_pictures(store: Store, recipe: DatasetRecipe) -> None:
    """Refuse a table or list that names pictures outside of the folders that a person may name."""
    from glasshouse.data.sources.source import open_source

    sources = [source for source in (recipe.source, recipe.valid_source, recipe.test_source) if source]
    if all(Path(source).is_dir() for source in sources) and recipe.labels.by not in ("auto", "list", "csv"):
        return
    named = [place for place in (*sources, recipe.labels.pictures) if place]
    open_source(recipe, check=lambda paths: check_named(store, named, paths))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    beside.rename(path)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
