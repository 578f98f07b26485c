"""Asking for work: what the forms of the pages and the API both call. Each writes its records and one job."""

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, NetworkError, Problem, RecipeError, StoreError
from glasshouse.messages import Message
from glasshouse.networks.catalogue import check_name
from glasshouse.recipe import DatasetRecipe, TrainingRecipe
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import NewJob, add_job, get_job
from glasshouse.store.models import get_model
from glasshouse.store.names import entered
from glasshouse.store.networks import network_layers
from glasshouse.store.ownership import check_change, check_member, checked_name
from glasshouse.store.places import from_runs
from glasshouse.store.records import DatasetRecord, JobKind, JobRecord, JobState, ModelRecord, UserRecord
from glasshouse.store.sources import source_path, weights_path
from glasshouse.store.tables import datasets, models
from glasshouse.training.kept_epochs import chosen_epoch

__all__ = [
    "NewDataset",
    "NewModel",
    "check_dataset_recipe",
    "check_member",
    "continue_model",
    "model_problems",
    "submit_classification",
    "submit_dataset",
    "submit_evaluation",
    "submit_models",
    "sweep_variants",
    "usable_dataset",
]

SWEEP_LIMIT = 64


@dataclass(frozen=True)
class NewDataset:
    """A dataset to make; ``recipe`` has the fields of DatasetRecipe.

    A source is an absolute server path inside a configured folder, ``upload:ID``, or ``sample:digits``.
    """

    name: str
    recipe: Mapping[str, Any]
    group_name: str = ""
    notes: str = ""
    shared: bool = False


@dataclass(frozen=True)
class NewModel:
    """A model to train on a dataset; ``recipe`` has the fields of TrainingRecipe without ``data``.

    ``weights`` may also be ``model:ID`` (an earlier model's weights), ``model:ID:best.safetensors`` (a checkpoint of
    it), ``shelf:NAME`` (see ``store.weights``) or ``upload:ID``. ``sweep`` maps ``lr`` and ``batch_size`` to lists;
    each pair becomes its own model.
    """

    name: str
    dataset_id: str
    recipe: Mapping[str, Any]
    group_name: str = ""
    notes: str = ""
    shared: bool = False
    parent_id: str | None = None
    sweep: Mapping[str, Sequence[float]] = field(default_factory=dict)


def submit_dataset(store: Store, new: NewDataset, user: UserRecord | None = None) -> DatasetRecord:
    """Queue the making of a dataset and return its record.

    Raises:
        RecipeError: the name or fields of the recipe are wrong; all are listed.
        RefusedError: the person or the path is not allowed.
    """
    check_member(user)
    recipe = check_dataset_recipe(store, new, user)
    dataset_id, now = new_id(), time.time()
    job = NewJob(JobKind.DATASET, entered(new.name), user.id if user else None, dataset_id)
    values = {
        "id": dataset_id, "name": entered(new.name), "owner_id": user.id if user else None, "shared": new.shared,
        "group_name": entered(new.group_name), "notes": composed(new.notes), "recipe": recipe.model_dump(mode="json"),
        "folder": f"datasets/{dataset_id}", "job_id": job.id, "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(datasets).values(**values))
        add_job(connection, job)
        log_action(connection, user, "dataset-create", dataset_id, job.title)
    return get_dataset(store, dataset_id, user)


def check_dataset_recipe(store: Store, new: NewDataset, user: UserRecord | None = None) -> DatasetRecipe:
    """Return the recipe of a new dataset as it will be run: sources resolved and allowed.

    Raises:
        RecipeError: the name or fields of the recipe are wrong; all are listed.
    """
    problems = _texts(new)
    fields = dict(new.recipe)
    for name in ("source", "valid_source", "test_source"):
        fields[name] = _resolved(store, fields.get(name), name, user, problems)
    if isinstance(fields.get("labels"), Mapping):
        labels = dict(fields["labels"])
        for name in ("pictures", "labels_file"):
            labels[name] = _resolved(store, labels.get(name), f"labels.{name}", user, problems)
        fields["labels"] = labels
    bad = {problem.field for problem in problems}
    try:
        recipe = DatasetRecipe(**{name: value for name, value in fields.items() if value is not None})
        problems += recipe.unsearchable()
    except RecipeError as error:
        problems += [problem for problem in error.problems if problem.field not in bad]
        recipe = None
    if problems or recipe is None:
        raise RecipeError("the dataset", problems)
    return recipe


def submit_models(
    store: Store, new: NewModel, user: UserRecord | None = None, *, action: str = "model-create"
) -> list[ModelRecord]:
    """Queue a training, or one for each pair of a sweep, and return their records.

    A training on a dataset that is still being made waits for it. ``action`` is in the audit log.

    Raises:
        RecipeError: the name or fields of the recipe are wrong; all are listed.
        ConflictError: the dataset is in the bin, or could not be made.
    """
    check_member(user)
    dataset = usable_dataset(store, new.dataset_id, user)
    recipes, problems = _recipes(store, new, dataset.folder, user)
    if problems:
        raise RecipeError("the model", problems)
    sweep_id = new_id() if len(recipes) > 1 else None
    ids = []
    with store.write() as connection:
        for suffix, recipe in recipes:
            model_id = new_id()
            name = f"{entered(new.name)} {suffix}".strip()
            waits = None if dataset.state is JobState.DONE else dataset.job_id
            job = NewJob(JobKind.TRAIN, name, user.id if user else None, dataset.id, model_id, waits)
            connection.execute(insert(models).values(**_model_values(new, model_id, name, recipe, job, sweep_id)))
            add_job(connection, job)
            log_action(connection, user, action, model_id, name)
            ids.append(model_id)
    return [get_model(store, model_id, user) for model_id in ids]


def usable_dataset(store: Store, dataset_id: str, user: UserRecord | None = None) -> DatasetRecord:
    """Return a dataset that can be trained on, now or once it is made.

    Raises:
        ConflictError: it is in the bin, or could not be made.
    """
    dataset = get_dataset(store, dataset_id, user)
    if dataset.deleted_at is not None:
        raise ConflictError("The dataset {name} is in the bin; restore it first.", name=dataset.name)
    if dataset.state in (JobState.FAILED, JobState.ABORTED):
        raise ConflictError(
            "The dataset {name} is {state}; resume it or choose another one.", name=dataset.name, state=dataset.state
        )
    return dataset


def model_problems(store: Store, new: NewModel, user: UserRecord | None = None) -> list[Problem]:
    """Return all that is wrong with the name and the recipe of a new model, whatever dataset it is for."""
    return _recipes(store, new, "datasets/-", user)[1]


def sweep_variants(recipe: Mapping[str, Any], sweep: Mapping[str, Sequence[float]]) -> list[tuple[str, dict[str, Any]]]:
    """Return the fields of each model of a sweep, with the words that tell it from the others.

    Raises:
        RecipeError: they would be more than ``SWEEP_LIMIT``.
    """
    rates: Sequence[float | None] = sweep.get("lr") or [None]
    sizes: Sequence[float | None] = sweep.get("batch_size") or [None]
    if len(rates) * len(sizes) > SWEEP_LIMIT:
        problem = Problem(
            "sweep",
            Message(
                "at most {SWEEP_LIMIT} models at once, got {rates}",
                SWEEP_LIMIT=SWEEP_LIMIT,
                rates=len(rates) * len(sizes),
            ),
        )
        raise RecipeError("the model", [problem])
    return [_variant(recipe, rate, size) for rate, size in itertools.product(rates, sizes)]


def continue_model(store: Store, model_id: str, epochs: int, user: UserRecord | None = None) -> ModelRecord:
    """Queue a training that begins with the weights of a finished model and runs for ``epochs`` more.

    Raises:
        ConflictError: the model is not trained yet, or its dataset is gone.
    """
    model = _trained(store, model_id, user)
    if model.dataset_id is None:
        raise ConflictError("The dataset of {name} is gone; train a new model on another one.", name=model.name)
    recipe = {**model.recipe, "epochs": epochs, "weights": f"model:{model_id}"}
    new = NewModel(f"{model.name} +{epochs}", model.dataset_id, recipe, model.group_name, parent_id=model_id)
    return submit_models(store, new, user, action="model-continue")[0]


def submit_evaluation(
    store: Store, model_id: str, split: str, dataset_id: str | None = None, user: UserRecord | None = None
) -> JobRecord:
    """Queue the scoring of a model on ``val``, ``test`` (which opens the seal) or ``train`` of a dataset.

    Raises:
        ConflictError: the model is not trained yet, or the dataset is not there.
    """
    check_member(user)
    if split not in ("train", "val", "test"):
        raise RecipeError(
            "the evaluation", [Problem("split", Message("expected val, test or train, got {split}", split=repr(split)))]
        )
    model = _trained(store, model_id, user)
    check_change(model, user)  # it writes the model's results, and may open a seal
    chosen = dataset_id or model.dataset_id
    if chosen is None:
        raise RecipeError("the evaluation", [Problem("dataset_id", "required")])
    dataset = get_dataset(store, chosen, user)
    if dataset.state is not JobState.DONE or not store.path(dataset.folder).is_dir():
        raise ConflictError("The dataset {name} is not there; choose another one.", name=dataset.name)
    arguments = {"split": split}
    job = NewJob(JobKind.EVALUATE, model.name, user.id if user else None, chosen, model_id, arguments=arguments)
    return _enqueue(store, job, user, split)


def submit_classification(
    store: Store, model_id: str, source: str, user: UserRecord | None = None, *, title: str = "", checkpoint: str = ""
) -> JobRecord:
    """Queue the classification of many pictures: a folder, archive, table or list on the server, or ``upload:ID``.

    The truth is taken from a table, a list, or class folders where the source has them. ``checkpoint`` names the
    epoch that answers (``chosen_epoch``); without it the model does, or the best epoch of a run that has none yet.

    Raises:
        MissingError: no epoch of that name is kept, or none at all.
    """
    check_member(user)
    model = get_model(store, model_id, user)
    arguments: dict[str, Any] = {"source": source_path(store, source, "source", user)}
    if (epoch := chosen_epoch(store.path(model.folder), checkpoint)) is not None:
        arguments |= {"checkpoint": epoch.checkpoint, "epoch": epoch.epoch, "step": epoch.step}
    name, owner = composed(title) or model.name, user.id if user else None
    return _enqueue(store, NewJob(JobKind.CLASSIFY, name, owner, None, model_id, arguments=arguments), user, source)


def _resolved(store: Store, source: Any, name: str, user: UserRecord | None, problems: list[Problem]) -> str | None:
    if source is None or source == "":
        return None
    try:
        return source_path(store, source, name, user)
    except RecipeError as error:
        problems += error.problems
        return "-"


def _recipes(
    store: Store, new: NewModel, folder: str, user: UserRecord | None
) -> tuple[list[tuple[str, TrainingRecipe]], list[Problem]]:
    """Return the recipe of each model with the words that tell it from the others, and all that is wrong."""
    problems = _texts(new)
    fields = {name: value for name, value in new.recipe.items() if name not in ("data", "fingerprint")}
    try:
        weights = fields.get("weights") or "none"
        fields["weights"] = weights_path(store, weights, user) if isinstance(weights, str) else weights
    except StoreError as error:
        problems.append(Problem("weights", str(error)))
        fields["weights"] = "-"  # a file: what a strategy needs is not the trouble here
    try:
        fields |= {"network": _network(store, fields["network"], user)} if "network" in fields else {}
    except (StoreError, NetworkError) as error:
        problems.append(Problem("network", str(error)))
    variants = [("", fields)]
    try:
        variants = sweep_variants(fields, new.sweep)
    except RecipeError as error:
        problems += error.problems
    found: list[tuple[str, TrainingRecipe]] = []
    for words, variant in variants:
        try:
            found.append((words, TrainingRecipe(**{**variant, "data": from_runs(folder)})))
        except RecipeError as error:
            known = {problem.field for problem in problems}
            problems += [problem for problem in error.problems if problem.field not in known]
    return found, problems


def _network(store: Store, network: Any, user: UserRecord | None) -> Any:
    """Return what a recipe holds for ``network``; a name is looked up, so that a wrong one is reported at once."""
    found = network_layers(store, network, user)
    if isinstance(found, str):
        check_name(found)
    return found


def _texts(new: NewDataset | NewModel) -> list[Problem]:
    """Return what is wrong with the name, the notes and the group of what is asked for."""
    notes = [problem for name in ("notes", "group_name") for problem in checked_name(getattr(new, name), name)]
    return [*checked_name(new.name), *notes]


def _variant(fields: Mapping[str, Any], rate: float | None, size: float | None) -> tuple[str, dict[str, Any]]:
    words, changed = [], dict(fields)
    if rate is not None:
        optimizer = fields.get("optimizer") or {}
        changed["optimizer"] = {**optimizer, "lr": rate} if isinstance(optimizer, Mapping) else optimizer
        words.append(f"lr {rate:g}")
    if size is not None:
        changed["batch_size"] = int(size) if float(size).is_integer() else size
        words.append(f"batch {size:g}")
    return ", ".join(words), changed


def _model_values(
    new: NewModel, model_id: str, name: str, recipe: TrainingRecipe, job: NewJob, sweep_id: str | None
) -> dict[str, Any]:
    now = time.time()
    return {
        "id": model_id, "name": name, "owner_id": job.user_id, "shared": new.shared,
        "group_name": entered(new.group_name), "notes": composed(new.notes), "dataset_id": new.dataset_id,
        "parent_id": new.parent_id, "sweep_id": sweep_id, "network": recipe.network_name,
        "recipe": recipe.model_dump(mode="json"), "folder": f"runs/{model_id}", "job_id": job.id, "scores": {},
        "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip


def _trained(store: Store, model_id: str, user: UserRecord | None) -> ModelRecord:
    model = get_model(store, model_id, user)
    if not (store.path(model.folder) / "model" / "model.json").is_file():
        raise ConflictError(
            "{name} has no model yet ({state}); it has one when its training is done.",
            name=model.name,
            state=model.state,
        )
    return model


def _enqueue(store: Store, job: NewJob, user: UserRecord | None, detail: str) -> JobRecord:
    with store.write() as connection:
        add_job(connection, job)
        log_action(connection, user, f"model-{job.kind}", str(job.model_id), detail)
    return get_job(store, job.id)
