"""The queue over the API."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse, StreamingResponse

from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.store.database import Store
from glasshouse.store.jobs import abort_job, get_job, list_jobs, move_job, resume_job
from glasshouse.store.models import get_model
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.results import read_predictions
from glasshouse.store.runs import read_log
from glasshouse.web.context.class_names import names_of_model
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import JobList, JobOut, Move

__all__ = ["prediction_lines", "router"]

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("")
def show_all(
    context: Context, state: Annotated[list[JobState] | None, Query()] = None, kind: JobKind | None = None,
    model_id: str | None = None, dataset_id: str | None = None,
) -> JobList:  # fmt: skip
    """List jobs: running, queued in their order, then ended ones."""
    found = list_jobs(
        context.store, context.user, states=state or (), kind=kind, model_id=model_id, dataset_id=dataset_id
    )
    return JobList(items=[JobOut.of(job) for job in found])


@router.get("/{job_id}")
def show(context: Context, job_id: str) -> JobOut:
    """Show one job."""
    return JobOut.of(get_job(context.store, job_id, context.user))


@router.post("/{job_id}/abort")
def abort(context: Context, job_id: str) -> JobOut:
    """Abort a job."""
    get_job(context.store, job_id, context.user)
    return JobOut.of(abort_job(context.store, job_id, context.user))


@router.post("/{job_id}/resume")
def resume(context: Context, job_id: str) -> JobOut:
    """Queue an aborted or failed job again."""
    get_job(context.store, job_id, context.user)
    return JobOut.of(resume_job(context.store, job_id, context.user))


@router.post("/{job_id}/move", status_code=204)
def move(context: Context, job_id: str, to: Move) -> None:
    """Change the place of a queued job."""
    get_job(context.store, job_id, context.user)
    move_job(context.store, job_id, to.before, context.user)


@router.get("/{job_id}/log", response_class=PlainTextResponse)
def log(context: Context, job_id: str) -> str:
    """Return the end of what its process wrote."""
    get_job(context.store, job_id, context.user)
    return read_log(context.store, job_id)


@router.get("/{job_id}/predictions")
def predictions(
    context: Context,
    job_id: str,
    offset: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[dict[str, object]]:
    """Return what a classification found, a piece at a time."""
    get_job(context.store, job_id, context.user)
    return list(read_predictions(context.store.path(f"work/{job_id}"), offset, limit))


@router.get("/{job_id}/predictions.csv")
def predictions_csv(context: Context, job_id: str) -> StreamingResponse:
    """Return what a classification found as a table."""
    job = get_job(context.store, job_id, context.user)
    run = get_model(context.store, job.model_id, context.user).folder if job.model_id else None
    names = {} if run is None else names_of_model(context.store.path(run), None)
    headers = {"content-disposition": f'attachment; filename="predictions-{job_id}.csv"'}
    return StreamingResponse(prediction_lines(context.store, job_id, names), media_type="text/csv", headers=headers)


def prediction_lines(store: Store, job_id: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the table: path, truth, label, probability, the next four, error; then the display names.

    Labels are the classes' own names, by which tables are joined; ``name`` to ``name5`` are there if any class has a
    display name. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    head = ["path", "truth", "label", "probability"]
    last = ["error", "name", *(f"name{n}" for n in range(2, 6))] if names else ["error"]
    yield BOM + line([*head, *(f"{word}{n}" for n in range(2, 6) for word in ("label", "probability")), *last])
    for one in read_predictions(store.path(f"work/{job_id}")):
        more = [cell for entry in one["top"][1:5] for cell in (entry["label"], entry["probability"])]
        more += [""] * (8 - len(more))
        shown = [names.get(entry["label"], entry["label"]) for entry in one["top"][:5]] if names else []
        shown += [""] * (5 - len(shown)) if names else []
        yield line([one["path"], one.get("truth"), one["label"], one["probability"], *more, one["error"], *shown])
