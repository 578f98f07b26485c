"""Classify Many: a folder, an archive or a list of pictures; a job, a table, scores where the truth is known."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from glasshouse.errors import GlasshouseError, MissingError, RecipeError
from glasshouse.store.jobs import abort_job, get_job, list_jobs
from glasshouse.store.records import JobKind, JobRecord
from glasshouse.store.results import read_predictions
from glasshouse.store.submit import submit_classification
from glasshouse.web.api.jobs import prediction_lines
from glasshouse.web.form_values import problems_of
from glasshouse.web.pages.access import DeskNow, ModelJob
from glasshouse.web.pages.desk import Desk, Job
from glasshouse.web.pages.live import live
from glasshouse.web.pages.model_frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/many", include_in_schema=False)
PAGE = 100


@router.get("", response_class=HTMLResponse)
def show(request: Request, desk: DeskNow, job: ModelJob, source: str = "", name: str = "") -> HTMLResponse:
    """Ask for pictures, and list what was classified before."""
    return _form(request, desk, job, source, name, "")


@router.post("", response_class=HTMLResponse)
def begin(
    request: Request,
    desk: DeskNow,
    job: ModelJob,
    source: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Queue the classification."""
    try:
        made = submit_classification(desk.store, job.id, source, desk.user, title=name.strip()[:120] or job.name)
    except RecipeError as error:
        return _form(request, desk, job, source, name, "; ".join(problems_of(error).values()), 422)
    except GlasshouseError as error:
        return _form(request, desk, job, source, name, str(error), 409)
    return RedirectResponse(f"{job.address}/many/{made.id}", 303)


@router.get("/{number}", response_class=HTMLResponse)
def result(request: Request, desk: DeskNow, job: ModelJob, number: str, after: int = 0) -> HTMLResponse:
    """Show how far it is, and then a table of answers, a hundred a page."""
    work = _work(desk, job, number)
    folder = desk.store.path(f"work/{work.id}")
    found = list(read_predictions(folder, max(after, 0), PAGE + 1)) if not work.state.live else []
    try:
        report: dict[str, Any] | None = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        report = None
    context: dict[str, Any] = {"work": work, "found": found[:PAGE], "report": report, "after": max(after, 0)}
    return framed(request, desk, job, "many_result.html", more=len(found) > PAGE, page_size=PAGE, **context)


@router.get("/{number}/live")
def waiting(request: Request, desk: DeskNow, job: ModelJob, number: str, since: str = "") -> Response:
    """Return how far it is."""
    work = _work(desk, job, number)
    text = f"{work.id}{work.state}{work.done}"
    return live(
        request, "many_waiting.html", text, since, not work.state.live, job=lambda: job, work=lambda: work
    )  # fmt: skip


@router.get("/{number}/table.csv")
def table(desk: DeskNow, job: ModelJob, number: str) -> StreamingResponse:
    """Return all answers as a table."""
    work = _work(desk, job, number)
    headers = {"Content-Disposition": f'attachment; filename="{work.id}.csv"'}
    return StreamingResponse(
        prediction_lines(desk.store, work.id), media_type="text/csv; charset=utf-8", headers=headers
    )


@router.post("/{number}/abort")
def abort(desk: DeskNow, job: ModelJob, number: str) -> RedirectResponse:
    """Stop it."""
    abort_job(desk.store, _work(desk, job, number).id, desk.user)
    return RedirectResponse(f"{job.address}/many/{number}", 303)


def _work(desk: Desk, job: Job, number: str) -> JobRecord:
    work = get_job(desk.store, number, desk.user)
    if work.kind is not JobKind.CLASSIFY or work.model_id != job.id:
        raise MissingError(f"There is no classification {number} by this model.")
    return work


def _form(
    request: Request, desk: Desk, job: Job, source: str, name: str, wrong: str, status: int = 200
) -> HTMLResponse:
    before = list_jobs(desk.store, desk.user, model_id=job.id, kind=JobKind.CLASSIFY)
    context: dict[str, Any] = {"source": source, "name": name, "wrong": wrong, "before": before}
    return framed(request, desk, job, "many.html", status, folders=desk.folders(), **context)
