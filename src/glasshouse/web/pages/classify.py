"""Classify One: a picture in, the five most probable classes out; the model stays loaded in a process beside."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.data.picture import decode
from glasshouse.errors import ConflictError, GlasshouseError, InputError
from glasshouse.store.predictor import ask, want_predictor
from glasshouse.web.pages.access import DeskNow, ModelJob
from glasshouse.web.pages.desk import Desk, Job
from glasshouse.web.pages.model_frame import framed
from glasshouse.web.pictures import data_address, fitted, shrunk

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/classify", include_in_schema=False)
LARGEST = 64 * 2**20
SHOWN = 320


@router.get("", response_class=HTMLResponse)
def show(request: Request, desk: DeskNow, job: ModelJob) -> HTMLResponse:
    """Show the place to drop a picture, and have the model loaded meanwhile."""
    want_predictor(desk.store)
    return framed(request, desk, job, "classify.html", answer=None, error="", picture="", seen="", name="")


@router.post("", response_class=HTMLResponse)
async def classify(request: Request, desk: DeskNow, job: ModelJob) -> HTMLResponse:
    """Classify the picture that was sent."""
    async with request.form(max_files=1) as posted:
        file = posted.get("picture")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
        name = file.filename or "" if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_answer, request, desk, job, data, name)


def _answer(request: Request, desk: Desk, job: Job, data: bytes, name: str) -> HTMLResponse:
    context: dict[str, Any] = {"answer": None, "error": "", "picture": "", "seen": "", "name": name}
    status = 200
    try:
        if not data or len(data) > LARGEST:
            raise InputError(f"No picture came, or it has more than {LARGEST // 2**20} MB; choose a picture file.")
        recipe = desk.dataset(job.dataset).recipe if job.dataset else {}
        whole = decode(data, "rgb")
        context["picture"] = data_address(shrunk(whole, SHOWN))
        if recipe:
            seen = decode(data, str(recipe["color"]))
            size = int(recipe["width"]), int(recipe["height"])
            context["seen"] = data_address(shrunk(fitted(seen, *size, str(recipe["resize"])), SHOWN))
        context["answer"] = ask(desk.store, f"runs/{job.folder.name}", data)
    except ConflictError as error:
        status, context["error"] = 503, str(error)
    except GlasshouseError as error:
        status, context["error"] = 422, str(error)
    return framed(request, desk, job, "classify.html", status, **context)
