"""A model as an ONNX file over the API: made by a job, its certificate, and the file itself."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse

from glasshouse.errors import MissingError
from glasshouse.store.exports import StoredExport, latest_export, stored_export, submit_export
from glasshouse.store.jobs import as_seen
from glasshouse.store.models import get_model
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.shapes import JobOut, Shape
from glasshouse.web.datasets.attachments import attached

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}/export", tags=["models"])


class ExportRequest(Shape):
    """The format of the file."""

    format: Literal["onnx"] = "onnx"


class CertificateOut(Shape):
    """How a file answers beside the model, in the words of ``glasshouse export --json``."""

    file: str
    pictures: int
    splits: dict[str, int]
    largest_difference: float
    flips: int
    passed: bool
    reason: str
    limit: float
    batches: list[int]
    opset: int
    sha256: str
    weights: str
    versions: dict[str, str]


class ExportOut(Shape):
    """The latest export (``job``), and the file that there is: its ``size`` in bytes and its certificate.

    A file is only kept if its certificate passed. Of one that did not, the certificate is the ``result`` of the job.
    """

    job: JobOut | None
    file: str | None
    size: int | None
    certificate: CertificateOut | None


@router.post("", status_code=202)
def make(context: Context, model_id: str, request: ExportRequest | None = None) -> JobOut:
    """Queue the making of an ONNX file; one that waits or runs is returned."""
    return JobOut.of(as_seen(submit_export(context.store, model_id, context.user), context.user))


@router.get("")
def show(context: Context, model_id: str) -> ExportOut:
    """Tell how far the export is, and what file there is."""
    run = context.store.path(get_model(context.store, model_id, context.user).folder)
    job, found = latest_export(context.store, model_id), stored_export(run)
    told = None if job is None else JobOut.of(as_seen(job, context.user))
    if found is None:
        return ExportOut(job=told, file=None, size=None, certificate=None)
    certificate = CertificateOut(**found.certificate.to_dict())
    return ExportOut(job=told, file=found.file.name, size=found.size, certificate=certificate)


@router.get("/file", response_class=FileResponse)
def file(context: Context, model_id: str) -> FileResponse:
    """Return the ONNX file."""
    found = _stored(context, model_id)
    return FileResponse(found.file, media_type="application/octet-stream", headers=attached(found.file.name))


@router.get("/certificate", response_class=FileResponse)
def certificate(context: Context, model_id: str) -> FileResponse:
    """Return its certificate as a file."""
    place = _stored(context, model_id).certificate_file
    return FileResponse(place, media_type="application/json", headers=attached(place.name))


def _stored(context: RequestContext, model_id: str) -> StoredExport:
    model = get_model(context.store, model_id, context.user)
    found = stored_export(context.store.path(model.folder))
    if found is None:
        raise MissingError("There is no ONNX file of {name} yet.", name=model.name)
    return found
