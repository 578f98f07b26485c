"""Classify One: a picture in, the five most probable classes out; the model stays loaded in a process beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.errors import BusyError, ConflictError, GlasshouseError, InputError
from glasshouse.store.models import get_model
from glasshouse.store.predictor import warm
from glasshouse.web.classify.chosen_epoch import EpochChoice, answered, epoch_choices
from glasshouse.web.classify.given_picture import given_picture, own_page
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.sent_picture import shown_picture
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/classify", include_in_schema=False)
LARGEST = 64 * 2**20
SHOWN = 320


@dataclass(frozen=True)
class ClassifyPage:
    """The place to drop a picture; ``answer`` is ``Prediction.to_dict`` of the one shown, ``given`` its address.

    ``own`` is the address of its page if it is of the model's own dataset or of a classification by the model.
    ``epochs`` are those to choose from, ``answering`` the one that answers, in words; empty without a choice.
    """

    folders: Sequence[Path]
    answer: Mapping[str, object] | None = None
    error: str = ""
    picture: str = ""
    name: str = ""
    given: str = ""
    checkpoint: str = ""
    epochs: Sequence[EpochChoice] = ()
    answering: str = ""
    own: str = ""


@dataclass(frozen=True)
class Sent:
    """What a person asked: the bytes of a picture with their name, or where it is, and which epoch is to answer."""

    data: bytes = b""
    name: str = ""
    given: str = ""
    checkpoint: str = ""


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, given: str = "", checkpoint: str = "") -> HTMLResponse:
    """Show the place to drop a picture, and have the model loaded meanwhile; ``given`` is classified at once.

    ``checkpoint`` names the epoch that answers; without it the model does.
    """
    sent = Sent(given=given, checkpoint=checkpoint)
    if given.strip():
        return _answer(request, context, job, sent)
    answer = _page(request, context, job, sent)
    if (job.folder / "model" / "model.json").is_file():
        answer.background = BackgroundTask(warm, context.store, f"runs/{job.folder.name}")
    return answer


@router.post("", response_class=HTMLResponse)
async def classify(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Classify the picture that was sent, or named."""
    async with request.form(max_files=1) as posted:
        file = posted.get("picture")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
        name = file.filename or "" if isinstance(file, UploadFile) else ""
        given, checkpoint = (str(posted.get(field) or "") for field in ("given", "checkpoint"))
    return await run_in_threadpool(_answer, request, context, job, Sent(data, name, given, checkpoint))


def _answer(request: Request, context: RequestContext, job: JobResource, sent: Sent) -> HTMLResponse:
    answer: Mapping[str, object] | None = None
    error, shown, status, data, name = "", "", 200, sent.data, sent.name
    try:
        if not data and sent.given.strip():
            data, name = given_picture(context.store, sent.given, context.user, request.headers.get("host", ""))
        if not data or len(data) > LARGEST:
            raise InputError(
                "No picture came, or it has more than {LARGEST} MB; choose a picture file.", LARGEST=LARGEST // 2**20
            )
        shown = shown_picture(data, SHOWN)
        model = get_model(context.store, job.id, context.user)
        answer = answered(context, model, data, seen=True, checkpoint=sent.checkpoint)
    except BusyError:
        raise
    except ConflictError as problem:
        status, error = 503, str(problem)
    except GlasshouseError as problem:
        status, error = 422, str(problem)
    return _page(request, context, job, replace(sent, name=name), answer, error, shown, status)


def _page(
    request: Request, context: RequestContext, job: JobResource, sent: Sent,
    answer: Mapping[str, object] | None = None, error: str = "", shown: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    _ = texts(language_of(request)).gettext
    epochs = epoch_choices(_, job.folder, sent.checkpoint)
    answering = next((one.text for one in epochs if one.chosen), epochs[0].text if epochs else "")
    found = ClassifyPage(
        context.suggested_folders, answer, error, shown, sent.name, sent.given, sent.checkpoint, epochs, answering,
        "" if sent.checkpoint else own_page(job, sent.given),
    )  # fmt: skip
    return framed(request, context, job, "classify.html", found, status)
