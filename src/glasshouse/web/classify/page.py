"""Classify One: a picture in, the five most probable classes out; the model stays loaded in a process beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class ClassifyPage:
    """The place to drop a picture; ``answer`` is ``Prediction.to_dict`` of the one shown, ``given`` its address."""

    folders: Sequence[Path]
    answer: Mapping[str, object] | None = None
    error: str = ""
    picture: str = ""
    name: str = ""
    given: str = ""


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, given: str = "") -> HTMLResponse:
    """Show the place to drop a picture, and have the model loaded meanwhile; ``given`` is classified at once."""
    if given.strip():
        return _answer(request, context, job, b"", "", given)
    answer = framed(request, context, job, "classify.html", ClassifyPage(context.suggested_folders))
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
    answer: Mapping[str, object] | None = None
    error, shown, status = "", "", 200
    try:
        if not data and given.strip():
            data, name = given_picture(context.store, given, context.user, request.headers.get("host", ""))
        if not data or len(data) > LARGEST:
            raise InputError(
                "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
            )
        shown = shown_picture(data, SHOWN)
        answer = ask(context.store, f"runs/{job.folder.name}", data, seen=True)
    except BusyError:
        raise
    except ConflictError as problem:
        status, error = 503, str(problem)
    except GlasshouseError as problem:
        status, error = 422, str(problem)
    found = ClassifyPage(context.suggested_folders, answer, error, shown, name, given)
    return framed(request, context, job, "classify.html", found, status)
