"""How much disk a job is likely to need, looked at before it begins: better told early than full in the middle."""

import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from glasshouse.data.samples import sample
from glasshouse.errors import MissingError, NetworkError, NoRoomError, RecipeError
from glasshouse.networks.catalogue import find
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.store.records import JobKind, JobRecord
from glasshouse.store.uploads import SPARE_BYTES

__all__ = ["NEEDS", "check_space", "dataset_bytes", "training_bytes"]

PACKED = {"raw": 1.0, "png": 0.7, "jpeg": 0.25}  # bytes for a value of a pixel: photographs, generously
THUMB_BYTES = 3_072
SEARCH_BYTES = 1_000_000_000
SLOTS = {"sgd": 1, "adagrad": 1, "rmsprop": 2, "adadelta": 2}  # values that an optimizer keeps for each weight; else 2


def check_space(store: Store, job: JobRecord) -> None:
    """Refuse to begin a job for which the disk has too little room.

    Raises:
        NoRoomError: what it needs and some to spare is not free; both are reported.
    """
    needed = NEEDS[job.kind](store, job)
    free = shutil.disk_usage(store.home).free
    if free >= needed + SPARE_BYTES:
        return
    raise NoRoomError(
        "The disk has too little room: this needs about {needed}, and {free} are free where the Studio keeps its "
        "files. Empty the bin or delete old checkpoints, then resume it.",
        needed=_size(needed + SPARE_BYTES),
        free=_size(free),
    )


def dataset_bytes(recipe: DatasetRecipe, pictures: int) -> int:
    """Return about how many bytes the making of a dataset needs: its pictures twice, and a thumb of each."""
    values = recipe.width * recipe.height * (3 if recipe.color == "rgb" else 1)
    return int(pictures * (2 * values * PACKED[recipe.encoding] + THUMB_BYTES))


def training_bytes(recipe: TrainingRecipe, parameters: int) -> int:
    """Return about how many bytes a training keeps: last and best checkpoint, one being written, and the model."""
    if recipe.strategy == "features":
        return 3 * 4 * parameters
    kept = (recipe.resolved().epochs or 0) // recipe.checkpoints.keep_every if recipe.checkpoints.keep_every else 0
    values = 1 + SLOTS.get(recipe.optimizer.name.lower(), 2) + (recipe.ema_decay > 0)
    return 4 * parameters * (values * (3 + kept) + 1)


def _of_dataset(store: Store, job: JobRecord) -> int:
    recipe = DatasetRecipe(**get_dataset(store, str(job.dataset_id)).recipe)
    if "parent" in job.arguments:
        try:
            return 2 * (get_dataset(store, str(job.arguments["parent"])).size or 0)
        except MissingError:
            pass  # it is made of its source then
    sources = [one for one in (recipe.source, recipe.valid_source, recipe.test_source) if one]
    return dataset_bytes(recipe, sum(map(_files, sources)))


def _of_training(store: Store, job: JobRecord) -> int:
    try:
        training = TrainingRecipe(**get_model(store, str(job.model_id)).recipe)
    except RecipeError:  # of a run made before this was refused, which may be resumed; else the work says so
        return 0
    if not isinstance(training.network, str):
        return 0
    try:
        return training_bytes(training, find(training.network).parameters)
    except NetworkError:
        return 0


def _of_weights(store: Store, job: JobRecord) -> int:
    """The file and its copy as safetensors; published ones once as they come, once as they are kept."""
    if job.arguments.get("do") == "fetch":
        try:
            return 2 * 4 * find(str(job.arguments["name"])).parameters
        except NetworkError:
            return 0
    file = store.path("runs") / str(job.arguments.get("file", ""))
    return file.stat().st_size if file.is_file() else 0


def _nothing(store: Store, job: JobRecord) -> int:
    """Answers are small."""
    return 0


def _of_export(store: Store, job: JobRecord) -> int:
    """The file holds the weights; an earlier one stays until it is whole."""
    weights = store.path(get_model(store, str(job.model_id)).folder) / "model" / "weights.safetensors"
    return weights.stat().st_size if weights.is_file() else 0


def _of_search(store: Store, job: JobRecord) -> int:
    """A search keeps a run of each candidate: some dozens of small networks."""
    return SEARCH_BYTES


NEEDS: Mapping[JobKind, Callable[[Store, JobRecord], int]] = {
    JobKind.DATASET: _of_dataset,
    JobKind.TRAIN: _of_training,
    JobKind.EVALUATE: _nothing,
    JobKind.CLASSIFY: _nothing,
    JobKind.WEIGHTS: _of_weights,
    JobKind.SEARCH: _of_search,
    JobKind.EXPLAIN: _nothing,
    JobKind.EXPORT: _of_export,
}


def _files(source: str) -> int:
    """Return how many files a source has; 0 where counting would mean reading it all."""
    if source.startswith("sample:"):
        given = sample(source)
        return len(given.images) if given is not None and given.images is not None else 0
    place = Path(source)
    if place.is_dir():
        return sum(len(names) for _, _, names in os.walk(place))
    if zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            return len(archive.infolist())
    return 0


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"
