"""A dataset: what is in it, picture by picture, what was left out, and the recipe that made it."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError
from glasshouse.web.explorer import class_counts, find, opened
from glasshouse.web.pages.access import DatasetJob, DeskNow
from glasshouse.web.pages.desk import Desk, Job
from glasshouse.web.pages.live import live, mark_of
from glasshouse.web.pictures import file_of, shrunk
from glasshouse.web.templating import page

__all__ = ["router"]

router = APIRouter(prefix="/datasets/{key}", include_in_schema=False)
THUMB, LARGEST = 160, 1024
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
LISTED = 500


@router.get("", response_class=HTMLResponse)
def show(request: Request, desk: DeskNow, job: DatasetJob) -> HTMLResponse:
    """Show how many pictures of each class each split has; while it is made, how far it is."""
    if job.state != "done":
        return page(request, "dataset_making.html", job=job, mark=_mark(job), binned=job.binned)
    dataset = _open(job)
    context = {"counts": class_counts(dataset), "openings": dataset.openings(), "warnings": dataset.warnings}
    return _tab(request, desk, job, dataset, "dataset.html", **context)


@router.get("/live")
def making(request: Request, desk: DeskNow, job: DatasetJob, since: str = "") -> Response:
    """Return how far the making of the dataset is, where that changed."""
    return live(request, "dataset_progress.html", _text(job), since, not job.running, job=lambda: job)


@router.get("/explore", response_class=HTMLResponse)
def explore(
    request: Request,
    desk: DeskNow,
    job: DatasetJob,
    split: str = "train",
    label: Annotated[str, Query(alias="class")] = "",
    q: str = "",
    after: int = -1,
    before: int | None = None,
) -> HTMLResponse:
    """Show sixty pictures a page."""
    dataset = _open(job)
    if split not in dataset.splits:
        split = next(iter(dataset.splits))
    found = find(dataset, split, label, q, after if before is None else before, before is not None)
    chosen = {"split": split, "class": label, "q": q}
    context = {"split": split, "label": label, "q": q, "found": found}
    return _tab(
        request, desk, job, dataset, "dataset_explore.html", **context, query=lambda **more: _query({**chosen, **more})
    )


@router.get("/left-out", response_class=HTMLResponse)
def left_out(request: Request, desk: DeskNow, job: DatasetJob) -> HTMLResponse:
    """List the files that were left out, and why."""
    return _tab(request, desk, job, _open(job), "dataset_left_out.html", most=LISTED)


@router.get("/twins", response_class=HTMLResponse)
def twins(request: Request, desk: DeskNow, job: DatasetJob) -> HTMLResponse:
    """Show groups of pictures that look the same."""
    dataset = _open(job)
    rows = {name: {path: row for row, path in enumerate(part.paths)} for name, part in dataset.splits.items()}
    groups: dict[int, list[tuple[Any, int | None]]] = {}
    for twin in dataset.twins:
        if len(groups) < 60 or twin.group in groups:
            groups.setdefault(twin.group, []).append((twin, rows.get(twin.split, {}).get(twin.path)))
    total = len({twin.group for twin in dataset.twins})
    return _tab(request, desk, job, dataset, "dataset_twins.html", groups=list(groups.values()), total=total)


@router.get("/recipe", response_class=HTMLResponse)
def recipe(request: Request, desk: DeskNow, job: DatasetJob) -> HTMLResponse:
    """Show how pictures become this dataset."""
    dataset = _open(job)
    text = json.dumps(dataset.recipe.model_dump(mode="json"), indent=2, ensure_ascii=False)
    return _tab(request, desk, job, dataset, "dataset_recipe.html", text=text)


@router.get("/pictures/{split}/{row}", response_class=HTMLResponse)
def picture(request: Request, desk: DeskNow, job: DatasetJob, split: str, row: int) -> HTMLResponse:
    """Show one picture and what is known of it."""
    dataset = _open(job)
    part = dataset.splits.get(split)
    if part is None or not 0 <= row < len(part):
        raise HTTPException(404)
    width, height = (int(side) for side in part.sizes[row])
    return page(
        request,
        "picture.html",
        job=job,
        dataset=dataset,
        split=split,
        row=row,
        count=len(part),
        path=part.paths[row],
        label=dataset.classes[part.labels[row]],
        source_size=(width, height),
        digest=part.sha256[row],
    )


@router.get("/images/{fingerprint}/{split}/{row}")
def image(desk: DeskNow, job: DatasetJob, fingerprint: str, split: str, row: int, side: int = THUMB) -> Response:
    """Return a picture of the dataset as a file; its address changes with the dataset, so it is kept for ever."""
    dataset = _open(job)
    part = dataset.splits.get(split)
    if part is None or not 0 <= row < len(part) or fingerprint != dataset.fingerprint[:12]:
        raise HTTPException(404)
    data, kind = file_of(shrunk(part.rows(np.array([row]))[0], min(max(side, 1), LARGEST)))
    return Response(data, media_type=kind, headers=FOREVER)


@router.post("/describe")
def describe(
    desk: DeskNow, job: DatasetJob, name: Annotated[str, Form()] = "", notes: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Change the name and the notes."""
    desk.describe(job, name.strip() or job.name, notes)
    return RedirectResponse(job.address, 303)


@router.post("/abort")
def abort(desk: DeskNow, job: DatasetJob) -> RedirectResponse:
    """Stop making the dataset."""
    desk.abort(job)
    return RedirectResponse(job.address, 303)


@router.post("/resume")
def resume(desk: DeskNow, job: DatasetJob) -> RedirectResponse:
    """Make the dataset after all."""
    desk.resume(job)
    return RedirectResponse(job.address, 303)


def _open(job: Job) -> Dataset:
    try:
        return opened(job.folder)
    except GlasshouseError as error:
        raise HTTPException(409, str(error)) from None


def _tab(request: Request, desk: Desk, job: Job, dataset: Dataset, template: str, **context: Any) -> HTMLResponse:
    users = desk.users_of(job.id)
    return page(request, template, job=job, dataset=dataset, users=users, binned=job.binned, **context)


def _text(job: Job) -> str:
    return f"{job.id}{job.state}{job.stage}{job.progress}"


def _mark(job: Job) -> str:
    return mark_of(_text(job))


def _query(values: dict[str, Any]) -> str:
    return "?" + urlencode({key: value for key, value in values.items() if value not in ("", None)})
