"""One picture in every layer: its numbers beside those of the split, the network drawn, and the filters it excites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from glasshouse.errors import GlasshouseError
from glasshouse.explanation.layers.histograms import histogram_path
from glasshouse.explanation.layers.kept_files import file_digest
from glasshouse.store.models import get_model
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.follow.strip import Strip, strip_of
from glasshouse.web.framework.templating import render
from glasshouse.web.layers.picture_view import (
    Block,
    Excitement,
    Group,
    PictureView,
    blocks,
    excitement,
    groups,
    numbers_of_picture,
)
from glasshouse.web.layers.seen import kept_filters, kept_statistics
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/layers/statistics/picture", include_in_schema=False)
ViewNow = Annotated[PictureView, Query()]


@dataclass(frozen=True)
class PictureNumbersPage:
    """The predictor's answer ``found`` or what went ``wrong``; ``beside`` has the split's numbers by layer."""

    view: PictureView
    found: Mapping[str, Any] | None
    wrong: str
    choice: Strip
    beside: Mapping[str, Mapping[str, Any]]
    blocks: Sequence[Block] = ()
    groups: Sequence[Group] = ()
    outlines: Sequence[str] = ()
    excited: Sequence[Excitement] = ()
    digest: str = ""


@dataclass(frozen=True)
class PictureNumbersWaiting:
    """What is being computed; ``asked`` is the address it is for, behind the question mark."""

    job: JobResource
    asked: str


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> HTMLResponse:
    """Show the numbers, or that they are being computed."""
    dataset, (found, wrong) = dataset_of(context, job), _asked(context, job, view)
    layers = found["layers"] if found is not None and found["state"] == "done" else []
    over_split = kept_statistics(job.folder, dataset, view.split) or []
    kept = kept_filters(job.folder, dataset, view.split)
    excited = excitement(kept, found["responses"]) if layers and found is not None else []
    shown = PictureNumbersPage(
        view, found, wrong, strip_of(dataset, view.split, view.row), {one["name"]: one for one in over_split},
        blocks(layers), groups(layers), [histogram_path(one["histogram"], 120, 24) for one in layers], excited,
        file_digest(job.folder / "model")[:12] if excited else "",
    )  # fmt: skip
    return framed(request, context, job, "layers_picture.html", shown, 422 if wrong else 200)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, view: ViewNow) -> Response:
    """Return that it is still computed; at its end the page is loaded anew."""
    found, _ = _asked(context, job, view)
    if found is None or found["state"] == "done":
        return Response(status_code=204, headers={"Cache-Control": "no-store", "X-Live": "end"})
    text = render(request, "layers_picture_waiting.html", PictureNumbersWaiting(job, view.query()))
    return HTMLResponse(text, headers={"Cache-Control": "no-store"})


def _asked(context: RequestContext, job: JobResource, view: PictureView) -> tuple[Mapping[str, Any] | None, str]:
    record = get_model(context.store, job.id, context.user)
    try:
        return numbers_of_picture(context.store, record, view, context.user), ""
    except GlasshouseError as error:
        return None, str(error)
