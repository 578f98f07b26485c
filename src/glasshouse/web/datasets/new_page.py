"""New dataset: where the pictures are, the options, a preview before anything is imported."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from glasshouse.errors import GlasshouseError, RecipeError
from glasshouse.messages import Message, joined
from glasshouse.store.ownership import NAME_LENGTH
from glasshouse.store.places import complete_path
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.store.uploads import begin_upload, finish_upload, write_piece
from glasshouse.web.context.request_context import MemberContext, RequestContext
from glasshouse.web.context.resources import find_dataset
from glasshouse.web.datasets.form import CHECKED, defaults, filled_from, new_dataset, without
from glasshouse.web.datasets.preview import Preview, preview_of
from glasshouse.web.framework.form_values import problems_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of, page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST_FILES = 200_000
BLOCK = 1 << 20
ORIGINS = ("upload", "folder", "list", "sample")
PLACES = {"source", "valid_source", "test_source", "labels.pictures", "labels.labels_file"}
LISTS = (".txt", ".lst", ".list", ".csv", ".tsv", ".tab")


@dataclass(frozen=True)
class PreviewPart:
    """What the source holds as the form reads it; ``free`` are bytes of disk; ``alone``: not within the whole page."""

    form: Mapping[str, str]
    problems: Mapping[str, str]
    preview: Preview | None
    free: int
    alone: bool


@dataclass(frozen=True)
class NewDatasetPage(PreviewPart):
    """The form with what is wrong by field; ``origin`` is where pictures come from, of ``ORIGINS``."""

    folders: Sequence[Path]
    origin: str


@router.get("/datasets/new", response_class=HTMLResponse)
def show(request: Request, context: MemberContext) -> HTMLResponse:
    """Show the form, and where a source is named, what it holds."""
    given = dict(request.query_params)
    form = {**_start(context, given.get("clone", "")), **given}
    if "sent" in given:
        form |= {name: given.get(name, "") for name in (*CHECKED, "edits")}
    if not form["source"].strip():
        return _form(request, context, form, {}, None)
    preview, problems = _look(context, new_dataset(form), form.get("example", ""))
    return _form(request, context, form, problems, preview, 422 if problems else 200)


@router.get("/datasets/new/preview", response_class=HTMLResponse)
def preview(request: Request, context: MemberContext) -> HTMLResponse:
    """Return the part of the page that shows what the source holds, for the values of the form."""
    form = {**defaults(), **dict.fromkeys(CHECKED, ""), **dict(request.query_params)}
    found, problems = _look(context, new_dataset(form), form.get("example", ""))
    return page(request, "dataset_preview.html", PreviewPart(form, problems, found, _free(context), alone=True))


@router.post("/datasets/new", response_class=HTMLResponse)
async def create(request: Request, context: MemberContext) -> Response:
    """Queue the dataset, or show the form again with what is wrong."""
    async with request.form() as posted:
        form = {**defaults(), **dict.fromkeys(CHECKED, ""), **{k: v for k, v in posted.items() if isinstance(v, str)}}
    return await run_in_threadpool(_create, request, context, form)


@router.post("/datasets/upload")
async def upload(request: Request, context: MemberContext) -> Response:
    """Keep what a person brings and go on with the form on it; scripts get its address as JSON."""
    quiet = "application/json" in request.headers.get("accept", "")
    try:
        async with request.form(max_files=MOST_FILES, max_fields=1000) as posted:
            files = [one for one in posted.getlist("files") if isinstance(one, UploadFile) and one.filename]
            origin = "list" if posted.get("from") == "list" else "upload"
            model = re.fullmatch(r"[\w-]{1,64}", str(posted.get("model", "")))  # whose Classify Many it is for
            source, name = await run_in_threadpool(_keep, context, files)
    except GlasshouseError as error:
        message = joined("; ", problems_of(error).values()) if isinstance(error, RecipeError) else str(error)
        if quiet:
            return JSONResponse({"error": message}, 422)
        return _form(request, context, {**defaults(), "from": "upload"}, {"source": message}, None, 422)
    query = {"source": source, "name": name}
    address = f"/models/{model[0]}/many" if model else "/datasets/new"
    address += f"?{urlencode(query if model else {'from': origin, **query})}"
    return JSONResponse({"address": address}, 201) if quiet else RedirectResponse(address, 303)


@router.post("/datasets/sample")
def sample(request: Request) -> RedirectResponse:
    """Go on with the form on the bundled digits."""
    name = texts(language_of(request)).gettext("Handwritten digits")
    small = {"width": 28, "height": 28, "color": "gray", "name": name}
    return RedirectResponse(f"/datasets/new?{urlencode({'from': 'sample', 'source': 'sample:digits', **small})}", 303)


@router.get("/folders")
def folders(context: MemberContext, at: str = "") -> list[str]:
    """Return the paths that a half-typed one may mean, within the folders that may be read."""
    return complete_path(context.store, at)


def _create(request: Request, context: RequestContext, form: dict[str, str]) -> Response:
    """Make the dataset; if something is wrong, all of it is reported in one answer, with the preview of the rest."""
    new = new_dataset(form)
    try:
        key = submit_dataset(context.store, _edited(context, new, form), context.user).id
    except GlasshouseError as error:
        problems = problems_of(error) if isinstance(error, RecipeError) else {"source": str(error)}
        preview, more = _look(context, new, form.get("example", ""))
        return _form(request, context, form, {**more, **problems}, preview, 422)
    return RedirectResponse(f"/datasets/{key}", 303)


def _keep(context: RequestContext, files: list[UploadFile]) -> tuple[str, str]:
    """Write the files into an upload; return it as a source, and a name for it."""
    first = (files[0].filename or "") if files else ""
    top = first.replace("\\", "/").strip("/").split("/")[0]
    name = top.split(".")[0] if "/" in first or len(files) == 1 else ""
    kept = begin_upload(context.store, name, context.user)
    for one in files:
        if any(part.startswith(".") for part in (one.filename or "").split("/")):
            continue
        write_piece(context.store, kept, one.filename or "", 0, _blocks(one))
    finish_upload(context.store, kept, viewer=context.user)
    return f"upload:{kept.id}", name


def _blocks(file: UploadFile) -> Iterator[bytes]:
    while block := file.file.read(BLOCK):
        yield block


def _start(context: RequestContext, clone: str) -> dict[str, str]:
    if not clone:
        return defaults()
    job = find_dataset(context, clone)
    form = filled_from(job.recipe)
    start = {"upload": "upload", "sample": "sample"}.get(form["source"].split(":")[0], "folder")
    if str(job.recipe["source"]).lower().endswith(LISTS):
        start = "list"
    edited = {"edited": clone, "edits": "yes"} if job.recipe.get("edits") else {}
    return {**form, **edited, "name": f"{job.name[: NAME_LENGTH - 2]} 2", "from": start}


def _edited(context: RequestContext, new: NewDataset, form: Mapping[str, str]) -> NewDataset:
    """Return the same with the edits of the dataset that the form is a copy of, unless they were not wanted."""
    if not form.get("edited") or not form.get("edits"):
        return new
    return replace(new, recipe={**new.recipe, "edits": find_dataset(context, form["edited"]).recipe.get("edits", [])})


def _look(context: RequestContext, new: NewDataset, example: str) -> tuple[Preview | None, dict[str, str]]:
    """Return what can be seen of the source, and what is wrong; only a wrong place hides the whole."""
    if not str(new.recipe.get("source", "")).strip():
        return None, {"source": Message("required")}
    problems: dict[str, str] = {}
    new = replace(new, name=new.name.strip()[:NAME_LENGTH] or "-")
    for _ in range(3):  # without what is wrong, other things may contradict each other
        try:
            return preview_of(context.store, without(new, problems), context.user, example), problems
        except RecipeError as error:
            problems = {**problems_of(error), **problems}
        except GlasshouseError as error:
            return None, {**problems, "source": str(error)}
        if PLACES & problems.keys():
            break
    return None, problems


def _free(context: RequestContext) -> int:
    """Return how many bytes of disk are free where datasets are made."""
    return shutil.disk_usage(context.store.home).free


def _form(
    request: Request,
    context: RequestContext,
    form: Mapping[str, str],
    problems: Mapping[str, str],
    preview: Preview | None,
    status: int = 200,
) -> HTMLResponse:
    start = "folder" if form.get("source") else "upload"
    origin = form.get("from", start)
    origin = origin if origin in ORIGINS else start
    shown = NewDatasetPage(form, problems, preview, _free(context), False, context.folders, origin)
    return page(request, "dataset_new.html", shown, status=status)
