"""Files over the API: uploads in pieces, paths on the server, networks, and a picture to classify."""

from contextlib import suppress
from typing import Annotated

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
from glasshouse.store.predictor import want_predictor
from glasshouse.store.uploads import (
    begin_upload,
    delete_upload,
    finish_upload,
    get_upload,
    received,
    received_files,
    write_piece,
)
from glasshouse.web.classify.chosen_epoch import answered
from glasshouse.web.classify.given_picture import given_picture, read_picture_file
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import Finish, NewUpload, UploadOut

__all__ = ["router"]

router = APIRouter(tags=["files"])
LARGEST_PICTURE = 64 * 2**20
WRITTEN_AT_ONCE = 2**20


@router.post("/uploads", status_code=201)
def begin(context: Context, request: NewUpload) -> UploadOut:
    """Begin an upload of one or many files; then PUT each of them."""
    check_member(context.user)
    return UploadOut.of(begin_upload(context.store, request.name, context.user))


@router.get("/uploads/{upload_id}")
def show(context: Context, upload_id: str) -> UploadOut:
    """Show an upload."""
    return UploadOut.of(get_upload(context.store, upload_id, context.user))


@router.get("/uploads/{upload_id}/files")
def arrived_files(context: Context, upload_id: str) -> dict[str, int]:
    """Tell how many bytes of each file have arrived, so that an upload goes on after the page was closed."""
    return received_files(context.store, get_upload(context.store, upload_id, context.user))


@router.get("/uploads/{upload_id}/files/{name:path}")
def arrived(context: Context, upload_id: str, name: str) -> dict[str, int]:
    """Tell how many bytes of a file have arrived: where the next piece begins."""
    return {"received": received(context.store, get_upload(context.store, upload_id, context.user), name)}


@router.put("/uploads/{upload_id}/files/{name:path}")
async def piece(
    context: Context, request: Request, upload_id: str, name: str,
    offset: Annotated[int, Query(ge=0, lt=2**53)] = 0, total: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
) -> dict[str, int]:  # fmt: skip
    """Append the body to a file of the upload; ``total`` is the size of the whole file (without it: of the body)."""
    upload = await run_in_threadpool(get_upload, context.store, upload_id, context.user)
    whole = offset + int(request.headers.get("content-length", "0")) if total is None else total
    have, held = offset, bytearray()
    with suppress(ClientDisconnect):  # what arrived is kept; the browser asks how much that is
        async for part in request.stream():
            held += part
            if len(held) >= WRITTEN_AT_ONCE:
                have = await run_in_threadpool(write_piece, context.store, upload, name, have, [bytes(held)], whole)
                held.clear()
    if held or not whole:
        have = await run_in_threadpool(write_piece, context.store, upload, name, have, [bytes(held)], whole)
    return {"received": have}


@router.post("/uploads/{upload_id}/finish")
def finish(context: Context, upload_id: str, request: Finish) -> UploadOut:
    """Close an upload, checked by SHA-256 where given; its ``source`` can then be named in a recipe."""
    upload = get_upload(context.store, upload_id, context.user)
    return UploadOut.of(finish_upload(context.store, upload, request.sha256, context.user))


@router.delete("/uploads/{upload_id}", status_code=204)
def drop(context: Context, upload_id: str) -> None:
    """Drop an upload and its files."""
    delete_upload(context.store, get_upload(context.store, upload_id, context.user), context.user)


@router.get("/paths")
def paths(context: Context, start: str = "") -> list[str]:
    """List what on the server begins with ``start``, inside the configured folders."""
    check_member(context.user)
    return complete_path(context.store, start)


@router.get("/networks")
def networks() -> list[dict[str, object]]:
    """List the catalogue of networks."""
    names = ("name", "width", "height", "channels", "parameters", "paper", "year")
    return [{name: getattr(entry, name) for name in names} for entry in CATALOGUE.values()]


@router.post("/models/{model_id}/warm", status_code=204)
def warm(context: Context, model_id: str) -> Response:
    """Have the process that classifies started, so that the first picture need not wait for it."""
    get_model(context.store, model_id, context.user)
    want_predictor(context.store)
    return Response(status_code=204)


@router.post("/models/{model_id}/predict")
async def predict(
    context: Context, request: Request, model_id: str,
    top: Annotated[int, Query(ge=1, le=1000)] = 5, path: str | None = None, source: str | None = None,
    checkpoint: str = "", coverage: Annotated[float | None, Query(ge=0.5, le=0.99)] = None,
) -> dict[str, object]:  # fmt: skip
    """Classify one picture: the body holds its bytes, ``path`` names it on the server, ``source`` by an address here.

    Such addresses are ``/datasets/ID/pictures/SPLIT/ROW``, ``/models/ID/many/JOB/pictures/ROW`` and ``upload:ID/NAME``.
    ``checkpoint`` names the epoch that answers, as ``GET checkpoints`` lists it; a training without a model answers
    with its best epoch. The answer then has ``checkpoint`` and ``epoch`` too. ``familiarity`` and ``none_of_these`` say
    how much the picture is like those that the model learned from; with ``coverage`` there is ``set``, a list that
    holds the right answer for that share of pictures.
    """
    model = await run_in_threadpool(get_model, context.store, model_id, context.user)
    if path is not None:
        check_member(context.user)
        picture = await run_in_threadpool(lambda: read_picture_file(allowed_path(context.store, path)))
    elif source is not None:
        host = request.headers.get("host", "")
        picture, _ = await run_in_threadpool(given_picture, context.store, source, context.user, host)
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
    return await run_in_threadpool(answered, context, model, picture, top=top, checkpoint=checkpoint, coverage=coverage)
