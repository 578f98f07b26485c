"""Classify One: a picture in, the five most probable classes out; the model stays loaded in a process beside."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.errors import BusyError, ConflictError, GlasshouseError, InputError
from glasshouse.store.predictor import ask, warm
from glasshouse.web.classify.given_picture import given_picture
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.framework.sent_picture import shown_picture
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/classify", include_in_schema=False)
LARGEST = 64 * 2**20
SHOWN = 320
EMPTY: dict[str, Any] = {"answer": None, "error": "", "picture": "", "name": "", "given": ""}


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, given: str = "") -> HTMLResponse:
    """Show the place to drop a picture, and have the model loaded meanwhile; ``given`` is classified at once."""
    if given.strip():
        return _answer(request, context, job, b"", "", given)
    answer = framed(request, context, job, "classify.html", folders=context.suggested_folders, **EMPTY)
    answer.background = BackgroundTask(warm, context.store, f"runs/{job.folder.name}")
    return answer


@router.post("", response_class=HTMLResponse)
async def classify(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Classify the picture that was sent, or named."""
    async with request.form(max_files=1) as posted:
        file, given = posted.get("picture"), posted.get("given")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
        name = file.filename or "" if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_answer, request, context, job, data, name, given if isinstance(given, str) else "")


def _answer(
    request: Request, context: RequestContext, job: JobResource, data: bytes, name: str, given: str
) -> HTMLResponse:
    values: dict[str, Any] = {**EMPTY, "name": name, "given": given}
    status = 200
    try:
        if not data and given.strip():
            data, values["name"] = given_picture(context.store, given, context.user, request.headers.get("host", ""))
        if not data or len(data) > LARGEST:
            raise InputError(
                "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
            )
        values["picture"] = shown_picture(data, SHOWN)
        values["answer"] = ask(context.store, f"runs/{job.folder.name}", data, seen=True)
    except BusyError:
        raise
    except ConflictError as error:
        status, values["error"] = 503, str(error)
    except GlasshouseError as error:
        status, values["error"] = 422, str(error)
    return framed(request, context, job, "classify.html", status, folders=context.suggested_folders, **values)
