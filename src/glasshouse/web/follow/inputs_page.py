"""Inputs and outputs: some training pictures as the network saw them, and its answers to them."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.errors import GlasshouseError
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath, find_dataset
from glasshouse.web.follow.inputs import InputsAndOutputs, inputs_and_outputs
from glasshouse.web.framework.templating import page
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)


@dataclass(frozen=True)
class InputsPage:
    """What went in and came out, None while it is being made, or what went ``wrong``."""

    job: JobResource
    found: InputsAndOutputs | None
    wrong: str


@router.get("/follow/inputs", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show what is known at once; the pictures follow."""
    return framed(request, context, job, "follow_inputs.html", _found(context, job))


@router.get("/in-and-out")
def moved(job: ModelInPath) -> RedirectResponse:
    """Lead from where the page was to where it is."""
    return RedirectResponse(f"{job.address}/follow/inputs", 308)


@router.get("/follow/inputs/pictures")
@router.get("/in-and-out/pictures")
def pictures(request: Request, context: Context, job: ModelInPath) -> Response:
    """Return the pictures, or 204 while they are being made."""
    found = _found(context, job)
    if found.found is None and not found.wrong:
        return Response(status_code=204)
    answer = page(request, "follow_inputs_pictures.html", found)
    answer.headers["X-Live"] = "end"
    return answer


def _found(context: RequestContext, job: JobResource) -> InputsPage:
    found, wrong = None, ""
    try:
        found = inputs_and_outputs(job.folder, find_dataset(context, job.dataset or "").folder, job.recipe)
    except GlasshouseError as error:
        wrong = str(error)
    return InputsPage(job, found, wrong)
