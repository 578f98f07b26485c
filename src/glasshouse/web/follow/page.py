"""Follow one picture: through the network, layer by layer, to the loss, and back to one weight; and the graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

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
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.follow.strip import Strip, strip_of
from glasshouse.web.follow.view import (
    Axis,
    Followed,
    ShownStage,
    Stem,
    View,
    answer,
    axes_of,
    can_follow,
    drawn,
    sentences,
    stages_shown,
    stems,
    steps_shown,
)
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.sent_picture import check_picture
from glasshouse.web.framework.templating import language_of, render
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/follow", include_in_schema=False)
ViewNow = Annotated[View, Query()]
LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Reply:
    """What the predictor answered, or the ``error`` that is in its place."""

    found: Followed | None = None
    error: str = ""

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return 422 if self.error else 200


@dataclass(frozen=True)
class FollowPage:
    """A picture's way: the predictor's answer ``found``, the ``steps`` that are shown, and what templates draw with.

    A long network is shown in ``stages``; then its ``kinds`` of layers and ``activations`` are explained once.
    """

    view: View
    found: Followed | None
    error: str
    possible: bool
    moments: Sequence[str]
    sentences: Mapping[str, str]
    choice: Strip
    steps: Sequence[Followed]
    stages: Sequence[ShownStage]
    kinds: Sequence[str]
    activations: Mapping[str, str]
    axes: Sequence[Axis]
    stems: Callable[[Sequence[float]], list[Stem]] = stems


@dataclass(frozen=True)
class FollowWaiting:
    """How far the computation is: ``done`` 0..1; ``asked`` is the address it is for, behind the question mark."""

    job: JobResource
    asked: str
    done: float | None
    part: str = ""


@dataclass(frozen=True)
class GraphPage:
    """The network as a drawing (``svg``), folded or with all layers."""

    level: str
    possible: bool
    svg: str
    found: Followed | None
    error: str


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> HTMLResponse:
    """Show the picture's way, or how far the computation is."""
    return _page(request, context, job, view, _question(context, job, view))


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> Response:
    """Return how far the computation is; at its end the page is loaded anew."""
    reply = _question(context, job, view)
    found = reply.found
    ended = found is None or found["state"] == "done"
    headers = {"Cache-Control": "no-store", **({"X-Live": "end"} if ended else {})}
    if ended or found is None:
        return Response(status_code=204, headers=headers)
    text = render(request, "follow_waiting.html", FollowWaiting(job, view.query(), found["done"]))
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
        return await run_in_threadpool(_page, request, context, job, View(), Reply(error=str(error)))
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
    shown = GraphPage(level, can_follow(job.recipe), svg, found, error)
    return framed(request, context, job, "follow_graph.html", shown, status)


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


def _question(context: RequestContext, job: JobResource, view: View) -> Reply:
    """The predictor's answer, or the reason why there is none."""
    if not can_follow(job.recipe):
        return Reply()
    record = get_model(context.store, job.id, context.user)
    try:
        return Reply(answer(context.store, record, view, context.user))
    except GlasshouseError as error:
        return Reply(error=str(error))


def _keep(context: RequestContext, job: JobResource, data: bytes) -> str:
    check_member(context.user)
    if not data or len(data) > LARGEST:
        raise InputError(
            "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
        )
    check_picture(data)
    return keep_picture(context.store, get_model(context.store, job.id, context.user), data, context.user)


def _page(request: Request, context: RequestContext, job: JobResource, view: View, reply: Reply) -> HTMLResponse:
    _ = texts(language_of(request)).gettext
    dataset, found = dataset_of(context, job), reply.found
    done = found if found is not None and found["state"] == "done" else None
    weight = done["weight"] if done is not None else None
    steps = steps_shown(done, view) if done is not None else []
    shown = FollowPage(
        view=view,
        found=found,
        error=reply.error,
        possible=can_follow(job.recipe),
        moments=_moments(job),
        sentences=sentences(_),
        choice=strip_of(dataset, view.split, view.row),
        steps=steps,
        stages=stages_shown(done, view) if done is not None else (),
        kinds=list(dict.fromkeys(step["kind"] for step in steps)),
        activations={step["activation"]: step["formula"] for step in steps if step["activation"]},
        axes=axes_of(weight["index"], weight["shape"], _) if weight is not None else (),
    )
    return framed(request, context, job, "follow.html", shown, reply.status)


def _moments(job: JobResource) -> list[str]:
    last = (job.folder / "checkpoints" / "last.safetensors").is_file()
    best = (job.folder / "checkpoints" / "best.safetensors").is_file()
    return ["initial", *(["best"] if best else []), *(["last"] if last else [])]
