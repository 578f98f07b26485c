"""What the layers see: a page to wander from layer to layer, from a filter to its pictures and back; and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from glasshouse.data.dataset import Dataset
from glasshouse.explanation.layers.histograms import histogram_path
from glasshouse.explanation.layers.kept_files import FilterLayer, KeptFilters, file_digest
from glasshouse.explanation.layers.nine_sheet import nine_sheet
from glasshouse.store.explanations import SPLITS, latest_explanation, submit_explanation
from glasshouse.store.records import JobRecord
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.follow.strip import Strip, strip_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.pictures import data_address, png
from glasshouse.web.framework.templating import language_of
from glasshouse.web.layers.picture_view import Block, Group, blocks, groups
from glasshouse.web.layers.seen import (
    ORDERS,
    Excited,
    Frame,
    Stage,
    Tile,
    excited,
    frames,
    kept_filters,
    kept_statistics,
    ordered,
    stages,
)
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/layers", include_in_schema=False)
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
AT_ONCE = 48  # filters on a page
LISTED = 60  # filters that a picture excites
TILES = 96


class Asked(BaseModel):
    """What is chosen on the page: ``row`` is a picture of the split, ``after`` how many filters are passed over."""

    split: str = ""
    layer: str = ""
    filter: int | None = None
    order: str = "selective"
    label: str = ""
    row: int | None = None
    after: int = 0


@dataclass(frozen=True)
class Waiting:
    """The job ``now`` that looks at the layers, by its word ``do``; ``step`` is what to do if it failed."""

    job: JobResource
    do: str
    split: str
    now: JobRecord | None
    step: NextStep | None = None


@dataclass(frozen=True)
class LayersPage:
    """The layers; without ``stages`` what is shown is in ``waiting``."""

    waiting: Waiting
    possible: bool
    asked: Asked
    splits_there: Sequence[str]
    stages: Sequence[Stage] = ()
    layer: FilterLayer | None = None
    tiles: Sequence[Tile] = ()
    total: int = 0
    chosen: Tile | None = None
    frames: Sequence[Frame] = ()
    excited: Sequence[Excited] = ()
    first: Sequence[str] = ()
    silent: int = 0
    pictures: int = 0
    classes: Sequence[str] = ()
    dataset: Dataset | None = None
    digest: str = ""
    size: tuple[int, int] = (1, 1)
    orders: Sequence[str] = ORDERS
    at_once: int = AT_ONCE
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StatisticsPage:
    """The numbers of every layer; without ``layers`` what is shown is in ``waiting``."""

    waiting: Waiting
    possible: bool
    split: str
    splits_there: Sequence[str]
    layers: Sequence[Mapping[str, Any]] | None
    choice: Strip
    outlines: Sequence[str] = ()
    blocks: Sequence[Block] = ()
    groups: Sequence[Group] = ()


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the layers from edges to whole things, and the filters of one of them."""
    dataset = dataset_of(context, job)
    splits = _splits(dataset)
    asked = asked.model_copy(update={"split": asked.split if asked.split in splits else (splits or ["val"])[0]})
    kept = kept_filters(job.folder, dataset, asked.split)
    waiting = _waiting(request, context, job, "filters", asked.split)
    shown = LayersPage(waiting, bool(splits), asked, splits)
    if kept is not None and dataset is not None and kept.layers:
        shown = _seen(shown, kept, dataset, file_digest(job.folder / "model")[:12])
    elif kept is not None:
        shown = LayersPage(waiting, bool(splits), asked, splits, pictures=kept.pictures)
    return framed(request, context, job, "layers.html", shown)


@router.post("")
def look(context: Context, job: ModelInPath, split: Annotated[str, Form()] = "val") -> RedirectResponse:
    """Queue the search for what excites the filters."""
    submit_explanation(context.store, job.id, "filters", split, context.user)
    return RedirectResponse(f"{job.address}/layers?split={split}", 303)


@router.get("/live")
def waiting(
    request: Request, context: Context, job: ModelInPath, split: str = "val", do: str = "filters", since: str = ""
) -> Response:
    """Return how far the job is."""
    found = _waiting(request, context, job, do, split)
    return live_job(request, "layers_waiting.html", found.now, since, found)


@router.get("/nine/{digest}/{split}/{number}/{unit}")
def nine(context: Context, job: ModelInPath, digest: str, split: str, number: int, unit: int) -> Response:
    """Return the nine patches of a filter as one picture; its address changes with the weights."""
    dataset = dataset_of(context, job)
    kept = kept_filters(job.folder, dataset, split)
    layers = list(kept.layers.values()) if kept is not None else []
    if dataset is None or digest != file_digest(job.folder / "model")[:12] or not 0 <= number < len(layers):
        raise HTTPException(404)
    if not 0 <= unit < layers[number].filters:
        raise HTTPException(404)
    sheet = nine_sheet(layers[number], unit, dataset.splits[split])
    return Response(png(sheet), media_type="image/png", headers=FOREVER)


@router.get("/statistics", response_class=HTMLResponse)
def statistics(request: Request, context: Context, job: ModelInPath, split: str = "val") -> HTMLResponse:
    """Show the numbers of every layer over a split."""
    dataset = dataset_of(context, job)
    splits = _splits(dataset)
    split = split if split in splits else (splits or ["val"])[0]
    found = kept_statistics(job.folder, dataset, split)
    outlines = [histogram_path(one["histogram"], 120, 24) for one in found or ()]
    waiting = _waiting(request, context, job, "statistics", split)
    drawn, choice = blocks(found or ()), strip_of(dataset, split, 0)
    shown = StatisticsPage(waiting, bool(splits), split, splits, found, choice, outlines, drawn, groups(found or ()))
    return framed(request, context, job, "layers_statistics.html", shown)


@router.post("/statistics")
def measure(context: Context, job: ModelInPath, split: Annotated[str, Form()] = "val") -> RedirectResponse:
    """Queue the measuring of all layers."""
    submit_explanation(context.store, job.id, "statistics", split, context.user)
    return RedirectResponse(f"{job.address}/layers/statistics?split={split}", 303)


def _seen(shown: LayersPage, kept: KeptFilters, dataset: Dataset, digest: str) -> LayersPage:
    asked, groups = shown.asked, stages(kept)
    layer = kept.layers.get(asked.layer) or kept.layers[groups[-1].first]
    part = dataset.splits[asked.split]
    label = asked.label if asked.label in dataset.classes else ""
    tiles = ordered(layer, part.labels, dataset.classes, asked.order, label)
    known = {one.filter: one for one in tiles}
    chosen = known.get(asked.filter if asked.filter is not None else -1) or (tiles[0] if tiles else None)
    first = max(0, min(asked.after, len(tiles) - 1))
    height, width = part.shape[:2]
    row = asked.row if asked.row is not None and 0 <= asked.row < len(part) else None
    colours = [] if kept.tiles is None else [data_address(np.asarray(one, np.uint8)) for one in kept.tiles[:TILES]]
    return LayersPage(
        shown.waiting, possible=True, asked=asked.model_copy(update={"layer": layer.name, "label": label, "row": row}),
        splits_there=shown.splits_there, stages=groups, layer=layer,
        tiles=tiles[first : first + AT_ONCE], total=len(tiles),
        chosen=chosen, frames=frames(layer, chosen.filter, dataset, asked.split) if chosen else (),
        excited=excited(kept, row)[:LISTED] if row is not None else (), first=colours,
        silent=sum(layer.silent(number) for number in range(layer.filters)), pictures=kept.pictures,
        classes=dataset.classes, dataset=dataset, digest=digest, size=(width, height),
        numbers={name: number for number, name in enumerate(kept.layers)},
    )  # fmt: skip


def _waiting(request: Request, context: RequestContext, job: JobResource, do: str, split: str) -> Waiting:
    now = latest_explanation(context.store, job.id, do, split)
    step = next_step(texts(language_of(request)).gettext, now) if now is not None else None
    return Waiting(job, do, split, now, step)


def _splits(dataset: Dataset | None) -> list[str]:
    return [] if dataset is None else [name for name in SPLITS if name in dataset.splits]
