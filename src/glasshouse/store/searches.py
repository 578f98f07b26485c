"""Searches: asked for, prolonged, and what each has found so far; the model of a search is what it finds in the end.

A search is a model whose job has the kind ``search``. Its candidates are their own models, with its id as
``search_id``; the files of the search itself lie in ``searches/ID``.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.models import get_model
from glasshouse.store.names import entered
from glasshouse.store.ownership import NAME_LENGTH, check_change, check_member, checked_name
from glasshouse.store.places import from_runs
from glasshouse.store.records import JobKind, JobState, ModelRecord, UserRecord
from glasshouse.store.submit import usable_dataset
from glasshouse.store.tables import jobs, models

__all__ = [
    "CANDIDATES",
    "MINUTES",
    "NewSearch",
    "add_candidate",
    "adopt_run",
    "check_search",
    "prolong_search",
    "read_found",
    "search_folder",
    "submit_search",
    "write_found",
]

MINUTES = 7 * 24 * 60.0  # at most; without minutes and candidates a search goes on until it is stopped
CANDIDATES = 500
LEFT = shutil.ignore_patterns(".*", "*.lock")


@dataclass(frozen=True)
class NewSearch:
    """A search for the best model on a dataset, for ``minutes`` or among ``candidates``; neither: until it is stopped.

    ``refit`` has the winner learn from training and validation pictures together.
    """

    name: str
    dataset_id: str
    minutes: float | None = None
    candidates: int | None = None
    refit: bool = False
    seed: int = 42
    group_name: str = ""
    notes: str = ""
    shared: bool = False


def submit_search(store: Store, new: NewSearch, user: UserRecord | None = None) -> ModelRecord:
    """Queue a search and return the model that it will leave; on a dataset that is still being made it waits.

    Raises:
        RecipeError: a field is wrong; all are listed.
        ConflictError: the dataset is in the bin, or could not be made.
        RefusedError: the person is a viewer.
    """
    check_member(user)
    if problems := check_search(new):
        raise RecipeError("the search", problems)
    dataset = usable_dataset(store, new.dataset_id, user)
    model_id, owner = new_id(), user.id if user else None
    waits = None if dataset.state is JobState.DONE else dataset.job_id
    asked = {"minutes": new.minutes, "candidates": new.candidates, "refit": new.refit, "seed": new.seed}
    job = NewJob(JobKind.SEARCH, entered(new.name), owner, dataset.id, model_id, waits, asked)
    recipe = {"data": from_runs(dataset.folder)}
    values = {**_values(model_id, job, recipe), "group_name": entered(new.group_name), "notes": composed(new.notes),
              "shared": new.shared}  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(models).values(**values))
        add_job(connection, job)
        log_action(connection, user, "search-create", model_id, job.title)
    return get_model(store, model_id, user)


def check_search(new: NewSearch) -> list[Problem]:
    """Return all that is wrong with the fields of a new search."""
    problems = [*checked_name(new.name), *checked_name(new.notes, "notes")]
    problems += checked_name(new.group_name, "group_name")
    if not new.dataset_id:
        problems.append(Problem("dataset_id", "required"))
    if new.minutes is not None and not 0 < new.minutes <= MINUTES:
        problems.append(Problem("minutes", Message("expected minutes above 0, at most {most}", most=f"{MINUTES:g}")))
    if new.candidates is not None and not 1 <= new.candidates <= CANDIDATES:
        problems.append(Problem("candidates", Message("expected 1 to {most} candidates", most=CANDIDATES)))
    if new.minutes is not None and new.candidates is not None:
        problems.append(Problem("candidates", "give minutes or a number of candidates, not both"))
    return problems


def prolong_search(store: Store, model_id: str, minutes: float, user: UserRecord | None = None) -> ModelRecord:
    """Give a search ``minutes`` more: a running one goes on for longer, one that ended is queued again.

    Raises:
        RefusedError: ``user`` may not change it.
        RecipeError: the minutes are out of their range.
        ConflictError: it is no search by time.
    """
    record = get_model(store, model_id, user)
    check_change(record, user)
    now = record.job.arguments.get("minutes")
    if record.job.kind is not JobKind.SEARCH or now is None:
        raise ConflictError("{name} is no search for some minutes; it cannot be given more.", name=record.name)
    if not minutes > 0 or not now + minutes <= MINUTES:
        told = Message("expected minutes above 0, at most {most}", most=f"{MINUTES:g}")
        raise RecipeError("the search", [Problem("minutes", told)])
    with store.write() as connection:
        values: dict[str, Any] = {"arguments": {**record.job.arguments, "minutes": now + minutes}}
        if not record.state.live:
            last = connection.execute(select(jobs.c.position).order_by(jobs.c.position.desc())).scalar() or 0.0
            values |= {"state": JobState.QUEUED, "wish": None, "reason": None, "reason_parts": None, "detail": None,
                       "failure": None, "finished_at": None, "position": last + 1.0}  # fmt: skip
        connection.execute(update(jobs).where(jobs.c.id == record.job_id).values(**values))
        log_action(connection, user, "search-prolong", model_id, record.name)
    return get_model(store, model_id, user)


def search_folder(model_id: str) -> str:
    """Return the folder of a search's own files, relative to the home."""
    return f"searches/{model_id}"


def read_found(store: Store, model_id: str) -> dict[str, Any]:
    """Return what a search has found so far (``jobs.searching``); empty before its first candidate."""
    try:
        text = (store.path(search_folder(model_id)) / "found.json").read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_found(store: Store, model_id: str, found: Mapping[str, Any]) -> None:
    """Keep what a search has found so far, for its page."""
    file = store.path(search_folder(model_id)) / "found.json"
    beside = file.with_name(f".{file.name}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    beside.replace(file)


def add_candidate(
    store: Store, search: ModelRecord, number: int, run: Path, recipe: Mapping[str, Any], scores: Mapping[str, Any],
    dataset_id: str | None = None,
) -> str:  # fmt: skip
    """Make the finished run of a candidate a model of its own, of the dataset that it learned from; return its id.

    Its files are those of ``run``, not copies of them; ``scores`` are of pictures that it did not learn from. One that
    is there already, of a process that ended before it was noted, is returned as it is.
    """
    model_id, now = new_id(), time.time()
    name = f"{search.name[: NAME_LENGTH - 6]} · {number}"
    with store.read() as connection:
        known = select(models.c.id).where(models.c.search_id == search.id, models.c.name == name)
        if there := connection.execute(known).scalar():
            return str(there)
    linked(run, store.path(f"runs/{model_id}"))
    job = NewJob(JobKind.TRAIN, name, search.owner_id, dataset_id or search.dataset_id, model_id)
    values = {**_values(model_id, job, recipe), "shared": search.shared, "group_name": search.group_name,
              "search_id": search.id, "parent_id": search.id, "scores": dict(scores)}  # fmt: skip
    done = {"state": JobState.DONE, "attempt": 1, "version": 1, "started_at": now - float(scores.get("seconds", 0)),
            "finished_at": now}  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(models).values(**values))
        add_job(connection, job)
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(**done))
    return model_id


def adopt_run(
    store: Store, search: ModelRecord, run: Path, recipe: Mapping[str, Any], dataset_id: str | None = None
) -> None:
    """Make ``run`` what the model of a search is; what it was before goes.

    ``dataset_id`` is the dataset that it learned from: the search's own, or that at another size.
    """
    place = store.path(search.folder)
    linked(run, place)
    note_leader(store, search.id, recipe)
    values = {"dataset_id": dataset_id or search.job.dataset_id}
    with store.write() as connection:
        connection.execute(update(models).where(models.c.id == search.id).values(**values))


def note_leader(store: Store, model_id: str, recipe: Mapping[str, Any]) -> None:
    """Keep the recipe of the best candidate so far as that of the search's model."""
    values = {"recipe": dict(recipe), "network": _network(recipe), "updated_at": time.time()}
    with store.write() as connection:
        connection.execute(update(models).where(models.c.id == model_id).values(**values))


def linked(source: Path, place: Path) -> None:
    """Have ``place`` hold the files of ``source``, as links to the same bytes where the disk can."""
    beside = place.with_name(f".{place.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(source, beside, ignore=LEFT, copy_function=_link)
    shutil.rmtree(place, ignore_errors=True)
    beside.rename(place)


def _link(source: str, place: str) -> None:
    try:
        os.link(source, place)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, place)


def _values(model_id: str, job: NewJob, recipe: Mapping[str, Any]) -> dict[str, Any]:
    now = time.time()
    return {
        "id": model_id, "name": job.title, "owner_id": job.user_id, "shared": False, "group_name": "", "notes": "",
        "dataset_id": job.dataset_id, "network": _network(recipe), "recipe": dict(recipe), "folder": f"runs/{model_id}",
        "job_id": job.id, "scores": {}, "revision": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip


def _network(recipe: Mapping[str, Any]) -> str:
    network = recipe.get("network", "")
    return network if isinstance(network, str) else str(network.get("name", ""))
