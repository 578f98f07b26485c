"""Follow one picture: through the network, layer by layer, to the loss, and back to one weight; and the graph."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.errors import ConflictError, GlasshouseError, InputError
from glasshouse.store.followed_pictures import keep_picture
from glasshouse.store.models import get_model
from glasshouse.store.predictor import put_question
from glasshouse.store.submit import check_member
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.follow.view import View, answer, axes_of, can_follow, drawn, sentences, stems, steps_shown
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.sent_picture import check_picture
from glasshouse.web.framework.templating import language_of, render
from glasshouse.web.models.frame import framed
from glasshouse.web.results.page import dataset_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/follow", include_in_schema=False)
ViewNow = Annotated[View, Query()]
LARGEST = 64 * 2**20
STRIP = 10  # pictures to choose from at once


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> HTMLResponse:
    """Show the picture's way, or how far the computation is."""
    found, error, status = _question(context, job, view)
    return _page(request, context, job, view, found, error, status)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> Response:
    """Return how far the computation is; at its end the page is loaded anew."""
    found, error, _ = _question(context, job, view)
    ended = bool(error) or found is None or found["state"] == "done"
    headers = {"Cache-Control": "no-store", **({"X-Live": "end"} if ended else {})}
    if ended or found is None:
        return Response(status_code=204, headers=headers)
    text = render(request, "follow_waiting.html", job=job, asked=view.query(), done=found["done"], part="")
    return HTMLResponse(text, headers=headers)


@router.post("/upload")
async def upload_picture(request: Request, context: Context, job: ModelInPath) -> Response:
    """Keep a picture that a person brought, and go to its way."""
    async with request.form(max_files=1) as posted:
        file = posted.get("picture")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
    try:
        key = await run_in_threadpool(_keep, context, job, data)
    except InputError as error:
        return await run_in_threadpool(_page, request, context, job, View(), None, str(error), 422)
    return RedirectResponse(f"{job.address}/follow?picture={key}", 303)


@router.get("/graph", response_class=HTMLResponse)
def graph(request: Request, context: Context, job: ModelInPath, level: str = "folded") -> HTMLResponse:
    """Show the network as a drawing; ``level`` all draws every layer by itself."""
    record, found, error, status = get_model(context.store, job.id, context.user), None, "", 200
    level = "all" if level == "all" else "folded"
    try:
        question = {"kind": "graph", "model": record.folder, "level": level}
        found = put_question(context.store, question, patience=1.5)
    except ConflictError:
        found = {"state": "working", "done": None}
    except GlasshouseError as problem:
        status, error = 422, str(problem)
    svg = drawn(found, texts(language_of(request)).gettext) if found and found["state"] == "done" else ""
    values: dict[str, Any] = {"level": level, "possible": can_follow(job.recipe), "svg": svg}
    return framed(request, context, job, "follow_graph.html", status, found=found, error=error, **values)


@router.get("/graph/live")
def drawing(context: Context, job: ModelInPath, level: str = "folded") -> Response:
    """Return whether the drawing is there by now."""
    record = get_model(context.store, job.id, context.user)
    try:
        asked = put_question(context.store, {"kind": "graph", "model": record.folder, "level": level}, patience=1.5)
        ended = asked["state"] == "done"
    except ConflictError:
        ended = False
    except GlasshouseError:
        ended = True
    return Response(status_code=204, headers={"Cache-Control": "no-store", **({"X-Live": "end"} if ended else {})})


def _question(context: RequestContext, job: JobResource, view: View) -> tuple[dict[str, Any] | None, str, int]:
    """The predictor's answer, or the reason why there is none."""
    if not can_follow(job.recipe):
        return None, "", 200
    record = get_model(context.store, job.id, context.user)
    try:
        return answer(context.store, record, view, context.user), "", 200
    except GlasshouseError as error:
        return None, str(error), 422


def _keep(context: RequestContext, job: JobResource, data: bytes) -> str:
    check_member(context.user)
    if not data or len(data) > LARGEST:
        raise InputError(
            "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
        )
    check_picture(data)
    return keep_picture(context.store, get_model(context.store, job.id, context.user), data, context.user)


def _page(
    request: Request,
    context: RequestContext,
    job: JobResource,
    view: View,
    found: dict[str, Any] | None,
    error: str,
    status: int = 200,
) -> HTMLResponse:
    _ = texts(language_of(request)).gettext
    dataset = dataset_of(context, job)
    values: dict[str, Any] = {
        "view": view, "found": found, "error": error, "possible": can_follow(job.recipe), "stems": stems,
        "sentences": sentences(_), "moments": _moments(job), "strip": [], "splits": [], "classes": [], "steps": [],
        "axes": [], "fingerprint": "",
    }  # fmt: skip
    if dataset is not None:
        names = [name for name in ("val", "train") if name in dataset.splits]
        count = len(dataset.splits[view.split]) if view.split in names else 0
        first = max(0, min(view.row - STRIP // 2, count - STRIP))
        values |= {"splits": names, "classes": list(dataset.classes), "fingerprint": dataset.fingerprint[:12],
                    "strip": list(range(first, min(first + STRIP, count))), "count": count}  # fmt: skip
    if found is not None and found["state"] == "done":
        values["steps"] = steps_shown(found["steps"], view)
        if found["weight"] is not None:
            values["axes"] = axes_of(found["weight"]["index"], found["weight"]["shape"], _)
    return framed(request, context, job, "follow.html", status, **values)


def _moments(job: JobResource) -> list[str]:
    last = (job.folder / "checkpoints" / "last.safetensors").is_file()
    best = (job.folder / "checkpoints" / "best.safetensors").is_file()
    return ["initial", *(["best"] if best else []), *(["last"] if last else [])]
