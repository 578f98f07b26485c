"""Asking for work that explains a finished model; what it found lies in the model's folder."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from glasshouse.errors import ConflictError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import NewJob, add_job, get_job, list_jobs
from glasshouse.store.models import get_model
from glasshouse.store.ownership import check_member
from glasshouse.store.records import DatasetRecord, JobKind, JobRecord, JobState, ModelRecord, UserRecord

__all__ = ["EXPLANATIONS", "SPLITS", "finished_model", "latest_explanation", "submit_explanation"]

EXPLANATIONS = ("checks", "filters", "hidden", "map", "shortcuts", "statistics")  # the words of jobs/explaining.py
SPLITS = ("val", "train")  # the test pictures stay sealed
MAPPED = (*SPLITS, "all")  # training and validation pictures on one map
NOTHING: Mapping[str, Any] = MappingProxyType({})


def submit_explanation(
    store: Store, model_id: str, do: str, split: str = "val", user: UserRecord | None = None,
    more: Mapping[str, Any] = NOTHING,
) -> JobRecord:  # fmt: skip
    """Queue work that explains a model with pictures of a split; the same work that waits or runs is returned.

    ``more`` are further words for the work.

    Raises:
        RecipeError: there is no such work or split.
        ConflictError: the model is not trained yet, or its dataset is not there.
        RefusedError: the person is a viewer.
    """
    check_member(user)
    if problems := [*_problem("do", do, EXPLANATIONS), *_problem("split", split, MAPPED if do == "map" else SPLITS)]:
        raise RecipeError("the explanation", problems)
    model, dataset = finished_model(store, model_id, user, Message("it cannot be explained with its pictures"))
    arguments = {"do": do, "split": split, **more}
    before = latest_explanation(store, model_id, do, split)
    if before is not None and before.state.live and before.arguments == arguments:
        return before
    job = NewJob(JobKind.EXPLAIN, model.name, user.id if user else None, dataset.id, model_id, arguments=arguments)
    with store.write() as connection:
        add_job(connection, job)
        log_action(connection, user, "model-explain", model_id, f"{do} {split}")
    return get_job(store, job.id)


def finished_model(
    store: Store, model_id: str, user: UserRecord | None, purpose: Message
) -> tuple[ModelRecord, DatasetRecord]:
    """Return a model that is trained, with its dataset; ``purpose`` says what that is needed for.

    Raises:
        ConflictError: the model is not trained yet, or its dataset is not there.
        RefusedError: the person is a viewer.
    """
    check_member(user)
    model = get_model(store, model_id, user)
    if not (store.path(model.folder) / "model" / "model.json").is_file():
        raise ConflictError(
            "{name} has no model yet ({state}); it has one when its training is done.",
            name=model.name, state=model.state,
        )  # fmt: skip
    if model.dataset_id is None:
        raise ConflictError("The dataset of {name} is gone; {purpose}.", name=model.name, purpose=purpose)
    dataset = get_dataset(store, model.dataset_id, user)
    if dataset.state is not JobState.DONE or not store.path(dataset.folder).is_dir():
        raise ConflictError("The dataset {name} is not there; choose another one.", name=dataset.name)
    return model, dataset


def latest_explanation(store: Store, model_id: str, do: str, split: str = "val") -> JobRecord | None:
    """Return the latest job of this work on a model, whoever asked for it; None if there was none."""
    found = list_jobs(store, model_id=model_id, kind=JobKind.EXPLAIN)
    wanted = {"do": do, "split": split}
    return next((one for one in found if {**one.arguments, **wanted} == one.arguments), None)


def _problem(field: str, value: str, known: tuple[str, ...]) -> list[Problem]:
    if value in known:
        return []
    words = ", ".join(known)
    return [Problem(field, Message("expected one of {known}, got {value}", known=words, value=repr(value)))]
