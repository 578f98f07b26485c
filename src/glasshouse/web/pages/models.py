"""A model: its training as it goes on, what was said and kept, and what can be done with it."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.store.models import get_model
from glasshouse.store.owned import check_change
from glasshouse.store.runs import delete_checkpoint, list_checkpoints, read_log
from glasshouse.store.submit import continue_model
from glasshouse.web.curves import Told, curves, told
from glasshouse.web.language import texts
from glasshouse.web.pages.access import DeskNow, ModelJob
from glasshouse.web.pages.desk import Job
from glasshouse.web.pages.live import live, mark_of
from glasshouse.web.pages.model_frame import framed
from glasshouse.web.reading_curves import remark
from glasshouse.web.templating import language_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def show(request: Request, desk: DeskNow, job: ModelJob) -> HTMLResponse:
    """Show the training: state, curves, epochs."""
    run = told(job.folder)
    kept = list_checkpoints(desk.store, get_model(desk.store, job.id, desk.user))
    return framed(
        request, desk, job, "model.html", mark=mark_of(_text(job, run)), kept=kept, **_training(request, job, run)
    )


@router.get("/live")
def training(request: Request, desk: DeskNow, job: ModelJob, since: str = "") -> Response:
    """Return the curves and the epochs, where they changed."""
    run = told(job.folder)
    context = _training(request, job, run) if mark_of(_text(job, run)) != since else {}
    shown = {name: (lambda value=value: value) for name, value in context.items()}
    return live(request, "model_training.html", _text(job, run), since, not job.running, job=lambda: job, **shown)


@router.get("/details", response_class=HTMLResponse)
def details(request: Request, desk: DeskNow, job: ModelJob) -> HTMLResponse:
    """Show recipe, checkpoints, log and card."""
    record = get_model(desk.store, job.id, desk.user)
    card = job.folder / "model" / "card.md"
    return framed(
        request,
        desk,
        job,
        "model_details.html",
        text=json.dumps(dict(job.recipe), indent=2, ensure_ascii=False),
        kept=list_checkpoints(desk.store, record),
        log=read_log(desk.store, record.job_id, 30_000),
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
        run=told(job.folder),
    )


@router.post("/abort")
def abort(desk: DeskNow, job: ModelJob) -> RedirectResponse:
    """Stop the training; it keeps a checkpoint."""
    desk.abort(job)
    return RedirectResponse(job.address, 303)


@router.post("/resume")
def resume(desk: DeskNow, job: ModelJob) -> RedirectResponse:
    """Go on from the last checkpoint."""
    desk.resume(job)
    return RedirectResponse(job.address, 303)


@router.post("/continue")
def go_on(desk: DeskNow, job: ModelJob, epochs: Annotated[int, Form(ge=1, le=100_000)]) -> RedirectResponse:
    """Train a copy for more epochs, beginning with these weights."""
    made = continue_model(desk.store, job.id, epochs, desk.user)
    return RedirectResponse(f"/models/{made.id}", 303)


@router.post("/checkpoints/{name}/delete")
def drop(desk: DeskNow, job: ModelJob, name: str) -> RedirectResponse:
    """Delete one checkpoint."""
    record = get_model(desk.store, job.id, desk.user)
    check_change(record, desk.user)
    delete_checkpoint(desk.store, record, name)
    return RedirectResponse(f"{job.address}/details", 303)


def _training(request: Request, job: Job, run: Told) -> dict[str, Any]:
    _ = texts(language_of(request)).gettext
    names = (_("Training"), _("Validation"), _("Accuracy on validation pictures"), _("Learning rate"))
    drawn = curves(run, names)
    done = len(run.epochs)
    epochs = run.started.get("epochs") or job.recipe.get("epochs") or done
    return {"run": run, "drawn": drawn, "remark": remark(run.epochs), "done": done, "epochs": epochs}


def _text(job: Job, run: Told) -> str:
    return f"{job.id}:{job.state}:{job.stage}:{job.attempt}:{run.version}:{run.number}:{job.progress}"
