"""The checks of a model's explanations: begun by a button, with progress and Abort, and their results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.store.explanations import latest_explanation, submit_explanation
from glasshouse.store.jobs import abort_job
from glasshouse.store.records import JobRecord
from glasshouse.store.submit import check_member
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.explained.shown import MethodCheck, checks_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/explanations", include_in_schema=False)


@dataclass(frozen=True)
class ChecksWaiting:
    """How far the checks are, if they run or wait."""

    job: JobResource
    job_now: JobRecord | None


@dataclass(frozen=True)
class ChecksPage(ChecksWaiting):
    """The results by method; ``step`` is what to do if the job failed, ``possible`` whether there is a dataset."""

    step: NextStep | None
    checks: Sequence[MethodCheck]
    possible: bool


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show the checks, or offer them."""
    now, dataset = _now(context, job), dataset_of(context, job)
    step = next_step(texts(language_of(request)).gettext, now) if now else None
    shown = ChecksPage(job, now, step, checks_of(job, dataset), dataset is not None)
    return framed(request, context, job, "checks.html", shown)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, since: str = "") -> Response:
    """Return how far they are."""
    now = _now(context, job)
    return live_job(request, "checks_waiting.html", now, since, ChecksWaiting(job, now))


@router.post("")
def check(context: Context, job: ModelInPath, back: Annotated[str, Form()] = "") -> RedirectResponse:
    """Queue the checks of all methods; ``back`` is the page of this model that asked."""
    submit_explanation(context.store, job.id, "checks", user=context.user)
    return RedirectResponse(back if back.startswith(f"{job.address}/") else f"{job.address}/explanations", 303)


@router.post("/abort")
def abort(context: Context, job: ModelInPath) -> RedirectResponse:
    """Stop the checks; the results of methods that are done stay."""
    check_member(context.user)
    now = _now(context, job)
    if now is not None:
        abort_job(context.store, now.id, context.user)
    return RedirectResponse(f"{job.address}/explanations", 303)


def _now(context: RequestContext, job: JobResource) -> JobRecord | None:
    return latest_explanation(context.store, job.id, "checks")
