"""A dataset is edited by a table, which makes a new version of it; what edits have made it, and who did so."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.data.editing.table import TableFile
from glasshouse.errors import ConflictError, InputError, MissingError
from glasshouse.recipe import Edit
from glasshouse.store.dataset_versions import NewVersion, submit_version, version_name
from glasshouse.store.datasets import get_dataset
from glasshouse.store.ownership import check_change
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import DatasetInPath
from glasshouse.web.datasets.made import open_made, tab_page

__all__ = ["router"]

router = APIRouter(prefix="/datasets/{key}/versions", include_in_schema=False)
LARGEST = 32 * 2**20  # bytes of a table
SHOWN = 200  # edits, the latest


@dataclass(frozen=True)
class VersionsPage:
    """The latest edits of ``total`` that made a dataset, the (id, name) of the version before, and what was typed."""

    edits: Sequence[Edit]
    total: int
    parent: tuple[str, str] | None
    name: str
    why: str
    wrong: str


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: DatasetInPath) -> HTMLResponse:
    """Show the edits that made this version, and a form for the next one."""
    return _page(request, context, job)


@router.post("", response_class=HTMLResponse)
async def make(request: Request, context: Context, job: DatasetInPath) -> Response:
    """Make a version by the table that was sent."""
    async with request.form(max_files=1, max_fields=10) as posted:
        file = posted.get("file")
        data = await file.read(LARGEST + 1) if isinstance(file, UploadFile) else b""
        name = (file.filename or "") if isinstance(file, UploadFile) else ""
        typed = [str(posted.get(field, "")) for field in ("name", "why")]
    return await run_in_threadpool(_made, request, context, job, TableFile(name, data), *typed)


def _made(
    request: Request, context: RequestContext, job: JobResource, table: TableFile, name: str, why: str
) -> Response:
    check_change(get_dataset(context.store, job.id, context.user), context.user)
    try:
        if len(table.data) > LARGEST:
            raise InputError("The table of edits has more than {LARGEST} MB.", LARGEST=LARGEST // 2**20)
        if not table.data:
            raise InputError("Choose a table of edits first.")
        made = submit_version(context.store, job.id, NewVersion(table, name, why), context.user)
    except (InputError, ConflictError) as error:
        return _page(request, context, job, name, why, str(error), 422)
    return RedirectResponse(f"/datasets/{made.id}", 303)


def _page(
    request: Request, context: RequestContext, job: JobResource, name: str = "", why: str = "", wrong: str = "",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    dataset = open_made(job)
    edits = dataset.recipe.edits
    shown = VersionsPage(edits[-SHOWN:][::-1], len(edits), _parent(context, job), name or version_name(job.name), why,
                         wrong)  # fmt: skip
    return tab_page(request, context, job, dataset, "dataset_versions.html", shown, status)


def _parent(context: RequestContext, job: JobResource) -> tuple[str, str] | None:
    """Return the version before, if there is one that the person may see."""
    key = get_dataset(context.store, job.id, context.user).job.arguments.get("parent")
    try:
        return (str(key), get_dataset(context.store, str(key), context.user).name) if key else None
    except MissingError:
        return None
