"""Use it: how other programs ask a finished model, as lines to copy that have its names in them."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.dataset import Dataset
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import MissingError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.description import read_manifest
from glasshouse.export.reference import javascript_reference, python_reference
from glasshouse.messages import with_messages
from glasshouse.store.explanations import SPLITS
from glasshouse.store.exports import StoredExport, export_name, latest_export, stored_export, submit_export
from glasshouse.store.jobs import abort_job, as_seen
from glasshouse.store.records import JobRecord
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.example import Answered, example_of
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/use", include_in_schema=False)
PICTURE = "picture.jpg"
CLASSES = 6  # that are named


@dataclass(frozen=True)
class Lines:
    """What there is to copy."""

    python: str
    terminal: str
    curl: str
    serve: str
    serve_curl: str
    export: str
    onnx_python: str
    onnx_javascript: str


@dataclass(frozen=True)
class Exporting:
    """How far the export ``now`` is; ``job`` is the model."""

    job: JobResource
    now: JobRecord | None


@dataclass(frozen=True)
class Exported(Exporting):
    """The ONNX file that there is, and the latest export.

    ``refused`` is the certificate of one that did not answer as the model does, ``step`` what to do if it failed;
    ``possible``: the dataset is there, whose pictures the answers are compared on.
    """

    stored: StoredExport | None
    refused: Mapping[str, Any] | None
    step: NextStep | None
    possible: bool


@dataclass(frozen=True)
class UsePage:
    """What goes into the model and what comes out, and the ``lines``; ``file`` is the name of its download.

    ``example`` is a picture with its answer; None before the model was scored, and once its dataset is gone.
    """

    file: str
    picture: Preprocessing
    size: str
    classes: Sequence[str]
    count: int
    lines: Lines
    onnx: Exported
    example: Answered | None


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show the lines; 404 before there is a model."""
    folder = job.folder / "model"
    if not (folder / MANIFEST).is_file():
        raise MissingError("{name} has no model yet; it has one when its training is done.", name=job.name)
    manifest = read_manifest({MANIFEST: (folder / MANIFEST).read_bytes()}, job.name)
    picture, classes = Preprocessing.from_dict(manifest["preprocessing"]), manifest["classes"]
    lines = _lines(job, picture, str(request.base_url))
    size, dataset = f"{picture.width}×{picture.height}", dataset_of(context, job)
    shown = UsePage(
        f"{job.name}.model", picture, size, classes[:CLASSES], len(classes), lines,
        _exported(request, context, job, dataset), example_of(job, dataset),
    )  # fmt: skip
    return framed(request, context, job, "use.html", shown)


@router.post("/export")
def export(context: Context, job: ModelInPath) -> RedirectResponse:
    """Queue the making of an ONNX file."""
    submit_export(context.store, job.id, context.user)
    return RedirectResponse(f"{job.address}/use#with-onnx", 303)


@router.post("/export/abort")
def abort(context: Context, job: ModelInPath) -> RedirectResponse:
    """Stop it; there is no file then, or the earlier one."""
    now = latest_export(context.store, job.id)
    if now is not None and now.state.live:
        abort_job(context.store, now.id, context.user)
    return RedirectResponse(f"{job.address}/use#with-onnx", 303)


@router.get("/export/live")
def exporting(request: Request, context: Context, job: ModelInPath, since: str = "") -> Response:
    """Return how far it is."""
    now = latest_export(context.store, job.id)
    return live_job(request, "use_export_waiting.html", now, since, Exporting(job, now))


def _exported(request: Request, context: RequestContext, job: JobResource, dataset: Dataset | None) -> Exported:
    now = latest_export(context.store, job.id)
    now = None if now is None else as_seen(now, context.user)
    certificate = with_messages(now.result) if now is not None and now.result and now.state == "done" else None
    return Exported(
        job, now, stored=stored_export(job.folder),
        refused=certificate if certificate and not certificate.get("passed") else None,
        step=next_step(texts(language_of(request)).gettext, now) if now is not None else None,
        possible=dataset is not None and any(name in dataset.splits for name in SPLITS),
    )  # fmt: skip


def _lines(job: JobResource, picture: Preprocessing, studio: str) -> Lines:
    file, onnx = f"{job.name}.model", export_name(job.name)
    plain = not set(job.name) & set("/?#%\\=")  # else the line names the model
    served, name = (file, job.name) if plain else (f"model={file}", "model")
    return Lines(
        python=f"import glasshouse as gh\n\nmodel = gh.load_model({json.dumps(file, ensure_ascii=False)})\n"
        f'print(model.predict("{PICTURE}"))\n',
        terminal=f"glasshouse predict {shlex.quote(file)} {PICTURE}",
        curl=f'curl -H "Authorization: Bearer $TOKEN" --data-binary @{PICTURE} \\\n'
        f"  {shlex.quote(f'{studio}api/v1/models/{job.id}/predict')}",
        serve=f"glasshouse serve {shlex.quote(served)}",
        serve_curl=f"curl --data-binary @{PICTURE} -H 'Content-Type: image/jpeg' \\\n"
        f"  {shlex.quote(f'http://127.0.0.1:8900/v1/models/{quote(name)}/predict')}",
        export=f"glasshouse export {shlex.quote(file)} --data DATASET --out {shlex.quote(onnx)}",
        onnx_python=python_reference(picture, onnx, PICTURE),
        onnx_javascript=javascript_reference(picture, onnx),
    )
