"""A dataset: what is in it, picture by picture, what was left out, and the recipe that made it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.check import Finding
from glasshouse.data.dataset import Dataset, Twin
from glasshouse.data.stored.rows import Split
from glasshouse.errors import DamagedDatasetError, PictureError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.discretion import may_see_places, recipe_as_seen
from glasshouse.store.resources import abort_resource, resume_resource
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live, mark_of
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import DatasetInPath
from glasshouse.web.datasets.explorer import Found, Search, class_counts, find
from glasshouse.web.datasets.exports import own_sizes
from glasshouse.web.datasets.made import FOREVER, Within, open_made, part_of, query_of, tab_page
from glasshouse.web.datasets.originals import original_steps
from glasshouse.web.datasets.rejected_files import LeftOut, left_out_files, reasons, twin_groups
from glasshouse.web.datasets.statistics import Sizes, mean_count, mean_picture, sizes
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of, page

if TYPE_CHECKING:
    pass

__all__ = ["router"]

router = APIRouter(prefix="/datasets/{key}", include_in_schema=False)
STEP = 224  # pixels
MEANS = 20  # classes, beyond which only one mean picture is shown
LISTED = 60


@dataclass(frozen=True)
class Making:
    """How far the making of a dataset is; ``mark`` is that of this state."""

    job: JobResource
    mark: str


@dataclass(frozen=True)
class MakingPage(Making):
    """A dataset that is not there yet; ``step`` is what to do if its making failed."""

    binned: datetime | None
    step: NextStep | None


@dataclass(frozen=True)
class DatasetPage:
    """What is in a dataset: pictures by class and split, their sizes, openings of the test, and the mean pictures.

    ``means`` are the classes with a mean picture, the empty name is that of all; ``files`` are bytes by name.
    """

    counts: Mapping[str, Sequence[int]]
    openings: Sequence[Mapping[str, object]]
    warnings: Sequence[Finding]
    sizes: Sizes
    means: Sequence[str]
    mean_count: int
    files: Mapping[str, int]


@dataclass(frozen=True)
class ExplorePage:
    """A page of pictures of a search; ``within`` is the search as a query, ``damage`` what is wrong with them."""

    split: str
    label: str
    q: str
    found: Found
    within: str
    damage: str
    query: Callable[..., str]


@dataclass(frozen=True)
class LeftOutPage:
    """Files that were left out, of ``total`` for the reason ``why``; ``reasons`` counts each."""

    shown: Sequence[LeftOut]
    total: int
    after: int
    why: str
    reasons: Mapping[str, int]
    most: int = LISTED


@dataclass(frozen=True)
class TwinsPage:
    """Groups of pictures that look the same, of ``total``; the next page begins at ``following``."""

    groups: Sequence[Sequence[tuple[Twin, int | None]]]
    total: int
    following: int | None
    only: str


@dataclass(frozen=True)
class RecipePage:
    """The recipe as ``text``, and the ``way`` of one picture through it, or the ``reason`` why it is not shown."""

    text: str
    path: str
    way: Sequence[Mapping[str, object]]
    reason: str
    split: str
    row: int
    next_row: int


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: DatasetInPath) -> HTMLResponse:
    """Show how many pictures of each class each split has; while it is made, how far it is."""
    if job.state != "done":
        _ = texts(language_of(request)).gettext
        step = next_step(_, job, kept=False)
        return page(request, "dataset_making.html", MakingPage(job, mark_of(_text(job)), job.binned, step))
    dataset = open_made(job)
    shown = DatasetPage(
        class_counts(dataset),
        dataset.openings(),
        dataset.warnings,
        sizes(dataset),
        means=["", *(dataset.classes if len(dataset.classes) <= MEANS else ())],
        mean_count=mean_count(dataset),
        files=own_sizes(dataset),
    )
    return tab_page(request, context, job, dataset, "dataset.html", shown)


@router.get("/means/{fingerprint}")
def mean(
    context: Context, job: DatasetInPath, fingerprint: str, label: Annotated[str, Query(alias="class")] = ""
) -> Response:
    """Return the mean of the training pictures, of all or of one class."""
    dataset = open_made(job)
    if fingerprint != dataset.fingerprint[:12] or label not in ("", *dataset.classes):
        raise HTTPException(404)
    data, kind = mean_picture(dataset, label)
    return Response(data, media_type=kind, headers=FOREVER)


@router.get("/live")
def making(request: Request, context: Context, job: DatasetInPath, since: str = "") -> Response:
    """Return how far the making of the dataset is, if that changed."""
    return live(request, "dataset_progress.html", _text(job), since, not job.running, lambda mark: Making(job, mark))


class Explored(Within):
    """The address of a page of a search: behind the row ``after``, or ending at ``before``."""

    split: str = "train"
    after: int = -1
    before: int | None = None


@router.get("/explore", response_class=HTMLResponse)
def explore(
    request: Request, context: Context, job: DatasetInPath, asked: Annotated[Explored, Query()]
) -> HTMLResponse:
    """Show sixty pictures a page."""
    dataset, q, before = open_made(job), asked.q, asked.before
    split = asked.split if asked.split in dataset.splits else next(iter(dataset.splits))
    label = asked.label if asked.label in dataset.classes else ""
    found = find(dataset, Search(split, label, q), asked.after if before is None else before, before is not None)
    chosen = {"split": split, "class": label, "q": q}
    damage = _damage(dataset.splits[split], [one.row for one in found.pictures])
    within = query_of({"class": label, "q": q})
    shown = ExplorePage(split, label, q, found, within, damage, query=lambda **more: query_of({**chosen, **more}))
    return tab_page(request, context, job, dataset, "dataset_explore.html", shown)


@router.get("/left-out", response_class=HTMLResponse)
def left_out(
    request: Request,
    context: Context,
    job: DatasetInPath,
    why: str = "",
    after: Annotated[int, Query(ge=0, lt=2**53)] = 0,
) -> HTMLResponse:
    """List the files that were left out, why, and how often each reason."""
    dataset = open_made(job)
    found = [one for one in left_out_files(dataset) if why in ("", one.kind)]
    shown = LeftOutPage(found[after : after + LISTED], len(found), after, why, reasons(dataset))
    return tab_page(request, context, job, dataset, "dataset_left_out.html", shown)


@router.get("/twins", response_class=HTMLResponse)
def twins(request: Request, context: Context, job: DatasetInPath, after: int = -1, only: str = "") -> HTMLResponse:
    """Show groups of pictures that look the same; ``only`` is ``classes`` for those with several labels."""
    dataset = open_made(job)
    groups, total, following = twin_groups(dataset, after, only == "classes")
    return tab_page(request, context, job, dataset, "dataset_twins.html", TwinsPage(groups, total, following, only))


@router.get("/recipe", response_class=HTMLResponse)
def recipe(request: Request, context: Context, job: DatasetInPath, split: str = "train", row: int = 0) -> HTMLResponse:
    """Show how pictures become this dataset, one of them step by step."""
    dataset = open_made(job)
    part = part_of(dataset, split, row)
    shown = dataset.recipe.model_dump(mode="json")
    if not may_see_places(job.owner, context.user):
        shown = recipe_as_seen(shown)
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    way, reason = _way(context, dataset, split, row)
    next_row = (row + max(1, len(part) // 97)) % len(part)
    page_shown = RecipePage(text, part.row(row).path, way, reason, split, row, next_row)
    return tab_page(request, context, job, dataset, "dataset_recipe.html", page_shown)


@router.post("/abort")
def abort(context: Context, job: DatasetInPath) -> RedirectResponse:
    """Stop making the dataset."""
    abort_resource(context.store, get_dataset(context.store, job.id, context.user), context.user)
    return RedirectResponse(job.address, 303)


@router.post("/resume")
def resume(context: Context, job: DatasetInPath) -> RedirectResponse:
    """Make the dataset after all."""
    resume_resource(context.store, get_dataset(context.store, job.id, context.user), context.user)
    return RedirectResponse(job.address, 303)


def _damage(part: Split, rows: list[int]) -> str:
    """Return what is wrong with the stored pictures of a page, nothing if they are whole."""
    try:
        part.check_pictures(rows)
    except DamagedDatasetError as error:
        return str(error)
    return ""


def _way(context: RequestContext, dataset: Dataset, split: str, row: int) -> tuple[list[dict[str, object]], str]:
    """Return the steps of one picture for the page, or why they cannot be shown."""
    try:
        return original_steps(dataset, context.store, split, row, STEP), ""
    except PictureError as error:
        return [], str(error)


def _text(job: JobResource) -> str:
    return f"{job.id}{job.state}{job.stage}{job.progress}{job.stopping}"
