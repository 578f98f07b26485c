"""The Code of a model: its run as a script on each level."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from glasshouse.errors import InputError, MissingError
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath, find_dataset
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.code import LEVELS, Code, code_of
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/code", include_in_schema=False)


@dataclass(frozen=True)
class CodePage:
    """The script of a level."""

    level: str
    code: Code


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, level: str = "learner") -> HTMLResponse:
    """Show the script of a level, or why there is none."""
    level = level if level in LEVELS else "learner"
    try:
        found = _code(request, context, job, level)
    except InputError as error:
        found = Code(level, reason=str(error))
    return framed(request, context, job, "code.html", CodePage(level, found))


@router.get("/{level}.py")
def script(request: Request, context: Context, job: ModelInPath, level: str) -> Response:
    """Return the script as a file."""
    if level not in LEVELS:
        raise MissingError("there is no level {level}; there are {LEVELS}", level=level, LEVELS=", ".join(LEVELS))
    found = _code(request, context, job, level)
    if found.reason:
        raise InputError(found.reason)
    headers = {"Content-Disposition": f'attachment; filename="model-{job.id}-{level}.py"'}
    return PlainTextResponse(found.text, headers=headers, media_type="text/x-python; charset=utf-8")


def _code(request: Request, context: RequestContext, job: JobResource, level: str) -> Code:
    try:
        dataset = find_dataset(context, job.dataset).folder if job.dataset else None
    except MissingError:
        dataset = None
    return code_of(job.folder, level, dataset, context.store.home, language_of(request))
