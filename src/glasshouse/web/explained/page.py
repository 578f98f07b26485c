"""One picture within a model: truth and answer, why it was given, how far that can be trusted, and the next picture."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError, InputError
from glasshouse.store.explanations import latest_explanation
from glasshouse.store.followed_pictures import keep_picture
from glasshouse.store.models import get_model
from glasshouse.store.records import JobRecord
from glasshouse.store.submit import check_member
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.explained.lists import Asked
from glasshouse.web.explained.shown import Bars, MethodCheck, bars_of, checks_of
from glasshouse.web.explained.sources import PictureSource, ask, of_kept, of_split, of_work
from glasshouse.web.follow.view import can_follow
from glasshouse.web.framework.sent_picture import check_picture
from glasshouse.web.framework.templating import render
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/pictures", include_in_schema=False)
Wanted = Annotated[Asked, Query()]
LARGEST = 16 * 2**20  # bytes of a picture as a model sees it


@dataclass(frozen=True)
class ExplainedWaiting:
    """The address that is asked whether the map is there."""

    live: str


@dataclass(frozen=True)
class ExplainedPage(ExplainedWaiting):
    """A picture within a model: ``answer`` are the bars, ``found`` what the predictor said or ``error`` why not.

    ``checks`` are those of all methods, ``chosen`` that of the method that is shown; ``busy`` a job that checks them.
    """

    asked: Asked
    source: PictureSource
    dataset: Dataset | None
    answer: Bars
    found: Mapping[str, Any] | None
    error: str
    checks: Sequence[MethodCheck]
    chosen: MethodCheck
    busy: JobRecord | None
    follow: str


@router.post("")
def keep(context: Context, job: ModelInPath, seen: Annotated[str, Form()] = "") -> RedirectResponse:
    """Keep a picture as the model sees it (a PNG in base64, as Classify One shows it), and go to its page."""
    check_member(context.user)
    try:
        data = base64.b64decode(seen, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or len(data) > LARGEST:
        raise InputError(
            "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
        )
    check_picture(data)
    key = keep_picture(context.store, get_model(context.store, job.id, context.user), data, context.user)
    return RedirectResponse(f"{job.address}/pictures/kept/{key}", 303)


@router.get("/kept/{picture}", response_class=HTMLResponse)
def kept(request: Request, context: Context, job: ModelInPath, picture: str, asked: Wanted) -> HTMLResponse:
    """Show a picture that was brought."""
    return _page(request, context, job, of_kept(context, job, picture, asked), asked)


@router.get("/kept/{picture}/live")
def kept_live(request: Request, context: Context, job: ModelInPath, picture: str, asked: Wanted) -> Response:
    """Return whether its map is there."""
    return _live(request, context, job, of_kept(context, job, picture, asked), asked)


@router.get("/many/{number}/{row}", response_class=HTMLResponse)
def of_classification(
    request: Request, context: Context, job: ModelInPath, number: str, row: int, asked: Wanted
) -> HTMLResponse:
    """Show a picture of a classification."""
    return _page(request, context, job, of_work(context, job, number, row, asked), asked)


@router.get("/many/{number}/{row}/live")
def of_classification_live(
    request: Request, context: Context, job: ModelInPath, number: str, row: int, asked: Wanted
) -> Response:
    """Return whether its map is there."""
    return _live(request, context, job, of_work(context, job, number, row, asked), asked)


@router.get("/{split}/{row}", response_class=HTMLResponse)
def of_dataset(
    request: Request, context: Context, job: ModelInPath, split: str, row: int, asked: Wanted
) -> HTMLResponse:
    """Show a picture of the model's dataset."""
    return _page(request, context, job, of_split(context, job, split, row, asked), asked)


@router.get("/{split}/{row}/live")
def of_dataset_live(
    request: Request, context: Context, job: ModelInPath, split: str, row: int, asked: Wanted
) -> Response:
    """Return whether its map is there."""
    return _live(request, context, job, of_split(context, job, split, row, asked), asked)


def _page(
    request: Request, context: RequestContext, job: JobResource, source: PictureSource, asked: Asked
) -> HTMLResponse:
    dataset, error, found = dataset_of(context, job), "", None
    try:
        found = ask(context, job, source, asked)
    except GlasshouseError as problem:
        error = str(problem)
    checks = checks_of(job, dataset, found)
    now = latest_explanation(context.store, job.id, "checks")
    shown = ExplainedPage(
        live=source.live + asked.query(),
        asked=asked,
        source=source,
        dataset=dataset,
        answer=bars_of(source.answers, found, len(model_classes(job.folder))),
        found=found,
        error=error,
        checks=checks,
        chosen=next(one for one in checks if one.method == asked.method),
        busy=now if now is not None and now.state.live else None,
        follow=source.follow if can_follow(job.recipe) else "",
    )
    return framed(request, context, job, "explained.html", shown, 422 if error else 200)


def _live(request: Request, context: RequestContext, job: JobResource, source: PictureSource, asked: Asked) -> Response:
    try:
        working = ask(context, job, source, asked)["state"] == "working"
    except GlasshouseError:
        working = False
    headers = {"Cache-Control": "no-store", **({} if working else {"X-Live": "end"})}
    if not working:
        return Response(status_code=204, headers=headers)
    shown = ExplainedWaiting(source.live + asked.query())
    return HTMLResponse(render(request, "explained_waiting.html", shown), headers=headers)
