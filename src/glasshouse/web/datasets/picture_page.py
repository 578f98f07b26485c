"""The pictures of a dataset: one with all that is known of it, and the files of it that pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from glasshouse.data.dataset import Dataset, Twin
from glasshouse.data.stored.rows import Row
from glasshouse.errors import PictureError
from glasshouse.web.context.class_names import names_of_dataset
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.resources import DatasetInPath
from glasshouse.web.datasets.explorer import Search, beside
from glasshouse.web.datasets.made import FOREVER, THUMB, Within, open_made, part_of, query_of
from glasshouse.web.datasets.originals import original_file
from glasshouse.web.datasets.rejected_files import left_out_files, twins_of
from glasshouse.web.framework.pictures import file_of, shrunk
from glasshouse.web.framework.templating import page

__all__ = ["router"]

router = APIRouter(prefix="/datasets/{key}", include_in_schema=False)
LARGEST = 1024  # pixels


@dataclass(frozen=True)
class PicturePage:
    """One picture; ``before`` and ``after`` are rows of the same search, ``back`` leads to it."""

    job: JobResource
    dataset: Dataset
    split: str
    row: int
    found: Row
    label: str
    before: int | None
    after: int | None
    query: str
    back: str
    twins: Sequence[tuple[Twin, int | None]]
    names: Mapping[str, str]


@router.get("/pictures/{split}/{row}", response_class=HTMLResponse)
def picture(
    request: Request,
    context: Context,
    job: DatasetInPath,
    split: str,
    row: int,
    within: Annotated[Within, Query()],
) -> HTMLResponse:
    """Show one picture and what is known of it; those beside it are of the same search."""
    dataset, label, q = open_made(job), within.label, within.q
    part = part_of(dataset, split, row)
    found = part.row(row)
    part.check_pictures([row])
    before, after = beside(dataset, Search(split, label, q), row)
    shown = PicturePage(
        job,
        dataset,
        split,
        row,
        found,
        label=dataset.classes[found.label],
        before=before,
        after=after,
        query=query_of({"class": label, "q": q}),
        back=query_of({"split": split, "class": label, "q": q, "after": row - 1}),
        twins=twins_of(dataset, found.path, split),
        names=names_of_dataset(dataset.path, dataset.classes),
    )
    return page(request, "picture.html", shown)


@router.get("/originals/{fingerprint}/{split}/{row}")
def original_picture(
    context: Context, job: DatasetInPath, fingerprint: str, split: str, row: int, side: int = LARGEST
) -> Response:
    """Return the file that a picture was made from as a picture for a page, upright; its own colours are kept."""
    dataset = open_made(job)
    found = part_of(dataset, split, row).row(row)
    if fingerprint != dataset.fingerprint[:12]:
        raise HTTPException(404)
    try:
        small = min(max(side, 1), LARGEST)
        data, kind = original_file(dataset, context.store, found.path, found.sha256, small)
    except PictureError as error:
        raise HTTPException(404, str(error)) from None
    return Response(data, media_type=kind, headers=FOREVER)


@router.get("/images/{fingerprint}/{split}/{row}")
def image(context: Context, job: DatasetInPath, fingerprint: str, split: str, row: int, side: int = THUMB) -> Response:
    """Return a picture of the dataset as a file; its address changes with the dataset, so it is kept for ever."""
    dataset = open_made(job)
    part = part_of(dataset, split, row)
    if fingerprint != dataset.fingerprint[:12]:
        raise HTTPException(404)
    data, kind = file_of(shrunk(part.rows(np.array([row]))[0], min(max(side, 1), LARGEST)))
    return Response(data, media_type=kind, headers=FOREVER)


@router.get("/left-out/{fingerprint}/{number}")
def left_out_picture(context: Context, job: DatasetInPath, fingerprint: str, number: int) -> Response:
    """Return a file that was left out as a small picture, if it is one and is still the same file."""
    dataset = open_made(job)
    files = left_out_files(dataset)
    if fingerprint != dataset.fingerprint[:12] or not 0 <= number < len(files):
        raise HTTPException(404)
    one = files[number]
    try:
        data, kind = original_file(dataset, context.store, one.path, one.sha256, THUMB)
    except PictureError as error:
        raise HTTPException(404, str(error)) from None
    return Response(data, media_type=kind, headers=FOREVER)
