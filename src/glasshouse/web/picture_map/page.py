"""The map of a model's pictures: a canvas, and a list of the same points for keyboard and screen reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.dataset import Dataset
from glasshouse.errors import DamagedRunError, MissingError
from glasshouse.store.explanations import latest_explanation, submit_explanation
from glasshouse.store.picture_maps import StoredMap, read_map
from glasshouse.store.records import JobRecord
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.frame import framed
from glasshouse.web.picture_map.chosen import PAGE, ChosenPoints, chosen_points

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/map", include_in_schema=False)
METHODS = ("tsne", "pca")


@dataclass(frozen=True)
class ListedPoint:
    """A point of the list: its number on the map, which picture it is, its class and its answer."""

    number: int
    split: str
    row: int
    label: str
    predicted: str
    right: bool


@dataclass(frozen=True)
class MapWaiting:
    """How far the map of a split is."""

    job: JobResource
    split: str
    job_now: JobRecord | None


@dataclass(frozen=True)
class MapPage(MapWaiting):
    """A map as ``asked``; ``listed`` are points of a page of the list, of ``count``; ``splits`` can be mapped.

    ``old``: it was made with another dataset than the model's now.
    """

    asked: ChosenPoints
    step: NextStep | None
    dataset: Dataset | None
    splits: Sequence[str]
    made: StoredMap | None
    old: bool
    listed: Sequence[ListedPoint]
    count: int
    page_size: int = PAGE
    methods: Sequence[str] = METHODS


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, asked: Annotated[ChosenPoints, Query()]) -> HTMLResponse:
    """Show the map, or offer to make it."""
    dataset = dataset_of(context, job)
    splits = _splits(dataset)
    split = asked.split if asked.split in splits else "val"
    now, made = latest_explanation(context.store, job.id, "map", split), _made(job, split)
    old = made is not None and dataset is not None and made.dataset != dataset.fingerprint
    numbers = np.zeros(0, np.int64) if made is None or old else chosen_points(made, asked)
    listed = [] if made is None else [_listed(made, int(number)) for number in numbers[asked.after :][:PAGE]]
    shown = MapPage(
        job, split, now, asked, next_step(texts(language_of(request)).gettext, now) if now else None, dataset, splits,
        made, old, listed, len(numbers),
    )  # fmt: skip
    return framed(request, context, job, "map.html", shown)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, split: str = "val", since: str = "") -> Response:
    """Return how far it is."""
    now = latest_explanation(context.store, job.id, "map", split)
    there = str(_made(job, split) is not None)
    return live_job(request, "map_waiting.html", now, since, MapWaiting(job, split, now), there)


@router.post("")
def make(context: Context, job: ModelInPath, split: Annotated[str, Form()] = "val") -> RedirectResponse:
    """Queue the making of a map."""
    submit_explanation(context.store, job.id, "map", split, context.user)
    return RedirectResponse(f"{job.address}/map{ChosenPoints.model_validate({'split': split}).query()}", 303)


def _splits(dataset: Dataset | None) -> list[str]:
    names = [name for name in ("val", "train") if dataset is not None and name in dataset.splits]
    return [*names, "all"] if len(names) > 1 else names


def _made(job: JobResource, split: str) -> StoredMap | None:
    try:
        return read_map(job.folder, split)
    except (MissingError, DamagedRunError):
        return None


def _listed(made: StoredMap, number: int) -> ListedPoint:
    return ListedPoint(
        number, made.parts[made.splits[number]], int(made.rows[number]), made.names[made.labels[number]],
        made.names[made.predicted[number]], bool(made.right[number]),
    )  # fmt: skip
