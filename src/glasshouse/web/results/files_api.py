"""What can be taken from a model as files: its curves, its log, a checkpoint, its recipe, the model itself."""

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.points import read_points
from glasshouse.store.runs import checkpoint_file, log_size, read_log_since
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import LogOut
from glasshouse.web.datasets.attachments import attached
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.archive import blocks, pack
from glasshouse.web.models.log_texts import log_in_words

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])
COLUMNS = ("epoch", "step", "train_loss", "valid_loss", "valid_accuracy", "lr", "seconds", "best", "phase",
           "train_accuracy")  # fmt: skip
AT_ONCE = 200_000  # bytes of a log


@router.get("/curves.csv", response_class=Response)
def curves(context: Context, model_id: str) -> Response:
    """Return the epochs as a table."""
    model = get_model(context.store, model_id, context.user)
    epochs = read_points(context.store.path(model.folder)).epochs
    text = BOM + "".join(line(row) for row in (COLUMNS, *([one.get(name) for name in COLUMNS] for one in epochs)))
    return Response(text, media_type="text/csv; charset=utf-8", headers=attached(f"{model.name}.csv"))


@router.get("/recipe.json", response_class=Response)
def recipe(context: Context, model_id: str) -> Response:
    """Return the recipe as a file for ``glasshouse train --recipe``."""
    model = get_model(context.store, model_id, context.user)
    text = json.dumps(model.recipe, indent=2, ensure_ascii=False) + "\n"
    return Response(text, media_type="application/json", headers=attached(f"{model.name}.json"))


@router.get("/log")
def log(request: Request, context: Context, model_id: str, since: Annotated[int, Query(ge=0, lt=2**53)] = 0) -> LogOut:
    """Tell what the job wrote behind its first ``since`` bytes; for its owner, also where the model is shared."""
    model = get_model(context.store, model_id, context.user)
    get_job(context.store, model.job_id, context.user)
    text, last = read_log_since(context.store, model.job_id, since, AT_ONCE)
    ended = not model.state.live and last >= log_size(context.store, model.job_id)
    return LogOut(text=text, told=log_in_words(text, language_of(request)), last=last, ended=ended)


@router.get("/log.txt", response_class=PlainTextResponse)
def log_file(context: Context, model_id: str) -> Response:
    """Return all that the job wrote, as a file; for its owner, also where the model is shared."""
    model = get_model(context.store, model_id, context.user)
    get_job(context.store, model.job_id, context.user)
    place = context.store.path(f"work/{model.job_id}") / "log.txt"
    headers = attached(f"{model.name} log.txt")
    if not place.is_file():
        return PlainTextResponse("", headers=headers)
    return FileResponse(place, media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/checkpoints/{name}", response_class=FileResponse)
def checkpoint(context: Context, model_id: str, name: str) -> FileResponse:
    """Return one checkpoint, a safetensors file."""
    model = get_model(context.store, model_id, context.user)
    place = checkpoint_file(context.store, model, name)
    return FileResponse(place, media_type="application/octet-stream", headers=attached(f"{model.name} {name}"))


@router.get("/download", response_class=StreamingResponse)
def download(context: Context, model_id: str) -> StreamingResponse:
    """Return the trained model as one file, which ``glasshouse.load_model`` reads."""
    model = get_model(context.store, model_id, context.user)
    file: Iterator[bytes] = blocks(pack(context.store.path(model.folder) / "model", model.name))
    return StreamingResponse(file, media_type="application/zip", headers=attached(f"{model.name}.model"))
