"""The classes of a dataset get names for people: typed one by one, or from a labels file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.data.stored.class_names import LARGEST, parse_names
from glasshouse.errors import InputError
from glasshouse.store.class_names import rename_classes, shown_names
from glasshouse.store.datasets import get_dataset
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import DatasetInPath
from glasshouse.web.datasets.made import open_made, tab_page

__all__ = ["router"]

router = APIRouter(prefix="/datasets/{key}/classes", include_in_schema=False)
TYPED = 1000  # classes; of more, only a file gives the names
NUMBER = "name-"


@dataclass(frozen=True)
class ClassesPage:
    """The classes with what is typed for each; ``saved``: it was just kept; ``wrong`` is what is wrong with it."""

    typed: Mapping[str, str]
    classes: Sequence[str]
    saved: bool
    wrong: str
    can_type: bool


@dataclass(frozen=True)
class Sent:
    """What a person sent: a name for each class by its number, and a labels file."""

    names: Mapping[int, str]
    file: bytes


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: DatasetInPath, saved: str = "") -> HTMLResponse:
    """Show the classes with their names, in a form for who may change them."""
    return _page(request, context, job, None, saved=saved == "yes")


@router.post("", response_class=HTMLResponse)
async def rename(request: Request, context: Context, job: DatasetInPath) -> Response:
    """Keep the names that were sent; those of a labels file count before typed ones."""
    async with request.form(max_files=1, max_fields=TYPED + 2) as posted:
        file = posted.get("file")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
        names = {int(key[len(NUMBER):]): str(value) for key, value in posted.items()
                 if key.startswith(NUMBER) and key[len(NUMBER):].isdecimal()}  # fmt: skip
    return await run_in_threadpool(_keep, request, context, job, Sent(names, data))


def _keep(request: Request, context: RequestContext, job: JobResource, sent: Sent) -> Response:
    record = get_dataset(context.store, job.id, context.user)
    classes = open_made(job).classes
    typed = {name: sent.names[number] for number, name in enumerate(classes) if number in sent.names}
    try:
        if len(sent.file) > LARGEST:
            raise InputError("The labels file has more than {LARGEST} MB.", LARGEST=LARGEST // 2**20)
        read = parse_names(sent.file, classes) if sent.file else {}
        rename_classes(context.store, record, {**(typed or shown_names(context.store, record)), **read}, context.user)
    except InputError as error:
        return _page(request, context, job, typed, wrong=str(error), status=422)
    return RedirectResponse(f"{job.address}/classes?saved=yes", 303)


def _page(
    request: Request, context: RequestContext, job: JobResource, typed: Mapping[str, str] | None,
    *, saved: bool = False, wrong: str = "", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    dataset = open_made(job)
    shown = ClassesPage(
        typed or dataset.class_names, dataset.classes, saved, wrong, can_type=len(dataset.classes) <= TYPED
    )
    return tab_page(request, context, job, dataset, "dataset_classes.html", shown, status)
