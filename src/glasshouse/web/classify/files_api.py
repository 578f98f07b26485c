"""Files over the API: uploads in pieces, paths on the server, networks, and a picture to classify."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from glasshouse.errors import Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.store.models import get_model
from glasshouse.store.ownership import check_member
from glasshouse.store.places import allowed_path, complete_path
from glasshouse.store.predictor import ask, want_predictor
from glasshouse.store.uploads import (
    begin_upload,
    delete_upload,
    finish_upload,
    get_upload,
    received,
    received_files,
    write_piece,
)
from glasshouse.web.classify.given_picture import given_picture, read_picture_file
from glasshouse.web.context.context import Here
from glasshouse.web.context.shapes import Finish, NewUpload, UploadOut

__all__ = ["router"]

router = APIRouter(tags=["files"])
LARGEST_PICTURE = 64 * 2**20
WRITTEN_AT_ONCE = 2**20


@router.post("/uploads", status_code=201)
def begin(here: Here, request: NewUpload) -> UploadOut:
    """Begin an upload of one or many files; then PUT each of them."""
    check_member(here.user)
    upload = begin_upload(here.store, request.name, here.user)
    here.note("upload", upload.id, upload.name)
    return UploadOut.of(upload)


@router.get("/uploads/{upload_id}")
def show(here: Here, upload_id: str) -> UploadOut:
    """Show an upload."""
    return UploadOut.of(get_upload(here.store, upload_id, here.user))


@router.get("/uploads/{upload_id}/files")
def arrived_files(here: Here, upload_id: str) -> dict[str, int]:
    """Tell how many bytes of each file have arrived, so that an upload goes on after the page was closed."""
    return received_files(here.store, get_upload(here.store, upload_id, here.user))


@router.get("/uploads/{upload_id}/files/{name:path}")
def arrived(here: Here, upload_id: str, name: str) -> dict[str, int]:
    """Tell how many bytes of a file have arrived: where the next piece begins."""
    return {"received": received(here.store, get_upload(here.store, upload_id, here.user), name)}


@router.put("/uploads/{upload_id}/files/{name:path}")
async def piece(
    here: Here, request: Request, upload_id: str, name: str,
    offset: Annotated[int, Query(ge=0, lt=2**53)] = 0, total: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
) -> dict[str, int]:  # fmt: skip
    """Append the body to a file of the upload; ``total`` is the size of the whole file (without it: of the body)."""
    upload = await run_in_threadpool(get_upload, here.store, upload_id, here.user)
    whole = offset + int(request.headers.get("content-length", "0")) if total is None else total
    have, held = offset, bytearray()
    with suppress(ClientDisconnect):  # what arrived is kept; the browser asks how much that is
        async for part in request.stream():
            held += part
            if len(held) >= WRITTEN_AT_ONCE:
                have = await run_in_threadpool(write_piece, here.store, upload, name, have, [bytes(held)], whole)
                held.clear()
    if held or not whole:
        have = await run_in_threadpool(write_piece, here.store, upload, name, have, [bytes(held)], whole)
    return {"received": have}


@router.post("/uploads/{upload_id}/finish")
def finish(here: Here, upload_id: str, request: Finish) -> UploadOut:
    """Close an upload, checked by SHA-256 where given; its ``source`` can then be named in a recipe."""
    upload = get_upload(here.store, upload_id, here.user)
    return UploadOut.of(finish_upload(here.store, upload, request.sha256, here.user))


@router.delete("/uploads/{upload_id}", status_code=204)
def drop(here: Here, upload_id: str) -> None:
    """Drop an upload and its files."""
    delete_upload(here.store, get_upload(here.store, upload_id, here.user))


@router.get("/paths")
def paths(here: Here, start: str = "") -> list[str]:
    """List what on the server begins with ``start``, inside the configured folders."""
    check_member(here.user)
    return complete_path(here.store, start)


@router.get("/networks")
def networks() -> list[dict[str, Any]]:
    """List the catalogue of networks."""
    names = ("name", "width", "height", "channels", "parameters", "paper", "year")
    return [{name: getattr(entry, name) for name in names} for entry in CATALOGUE.values()]


@router.post("/models/{model_id}/warm", status_code=204)
def warm(here: Here, model_id: str) -> Response:
    """Have the process that classifies started, so that the first picture need not wait for it."""
    get_model(here.store, model_id, here.user)
    want_predictor(here.store)
    return Response(status_code=204)


@router.post("/models/{model_id}/predict")
async def predict(
    here: Here, request: Request, model_id: str,
    top: Annotated[int, Query(ge=1, le=1000)] = 5, path: str | None = None, source: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Classify one picture: the body holds its bytes, ``path`` names it on the server, ``source`` by an address here.

    Such addresses are ``/datasets/ID/pictures/SPLIT/ROW``, ``/models/ID/many/JOB/pictures/ROW`` and ``upload:ID/NAME``.
    """
    model = await run_in_threadpool(get_model, here.store, model_id, here.user)
    if path is not None:
        check_member(here.user)
        picture = await run_in_threadpool(lambda: read_picture_file(allowed_path(here.store, path)))
    elif source is not None:
        host = request.headers.get("host", "")
        picture, _ = await run_in_threadpool(given_picture, here.store, source, here.user, host)
    else:
        picture = await request.body()
    if not picture or len(picture) > LARGEST_PICTURE:
        raise RecipeError(
            "the picture",
            [
                Problem(
                    "body",
                    Message("expected 1 byte to {LARGEST_PICTURE} MiB", LARGEST_PICTURE=LARGEST_PICTURE // 2**20),
                )
            ],
        )
    return await run_in_threadpool(ask, here.store, model.folder, picture, top)
