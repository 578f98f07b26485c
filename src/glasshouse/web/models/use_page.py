"""Use it: how other programs ask a finished model, as lines to copy that have its names in them."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import MissingError
from glasshouse.export.archive import MANIFEST
from glasshouse.export.description import read_manifest
from glasshouse.export.reference import javascript_reference, python_reference
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.resources import ModelInPath
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
class UsePage:
    """What goes into the model and what comes out, and the ``lines``; ``file`` is the name of its download."""

    file: str
    picture: Preprocessing
    size: str
    classes: Sequence[str]
    count: int
    lines: Lines


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show the lines; 404 before there is a model."""
    folder = job.folder / "model"
    if not (folder / MANIFEST).is_file():
        raise MissingError("{name} has no model yet; it has one when its training is done.", name=job.name)
    manifest = read_manifest({MANIFEST: (folder / MANIFEST).read_bytes()}, job.name)
    picture, classes = Preprocessing.from_dict(manifest["preprocessing"]), manifest["classes"]
    lines = _lines(job, picture, str(request.base_url))
    shown = UsePage(
        f"{job.name}.model", picture, f"{picture.width}×{picture.height}", classes[:CLASSES], len(classes), lines
    )
    return framed(request, context, job, "use.html", shown)


def _lines(job: JobResource, picture: Preprocessing, studio: str) -> Lines:
    file, onnx = f"{job.name}.model", f"{Path(job.name).name}.onnx"
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
