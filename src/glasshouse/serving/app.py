"""The HTTP server of finished models: ``POST /v1/models/NAME/predict`` answers as ``glasshouse predict`` does.

Pictures come as files of a form (``files``, one or many) or as the body itself. They are opened in other processes,
which may be ended at any moment; this one computes.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from glasshouse import __version__
from glasshouse.errors import BusyError, GlasshouseError, InputError, MissingError, PictureError
from glasshouse.export.predictor import Prediction
from glasshouse.jobs.reader import prepared_row
from glasshouse.serving.metrics import CONTENT_TYPE, Metrics
from glasshouse.serving.models import Served, ServedModels
from glasshouse.serving.protection import Protection, Rules
from glasshouse.store.readers import Readers

__all__ = ["PICTURES", "serving_app"]

PICTURES = 64  # of one request
THREADS = 64  # requests whose pictures are being read or wait for it
ADVICE = "Send a picture as the body (Content-Type: image/jpeg), or files in a form: curl -F files=@picture.jpg"
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class Ranked(BaseModel):
    """A class and its probability, 0 to 1; ``name`` is shown instead of the class if it has one."""

    label: str
    name: str | None = None
    probability: float


class Answer(BaseModel):
    """What the model says of one picture; ``error`` is why it could not be used."""

    path: str | None
    label: str | None
    name: str | None = None
    probability: float | None
    top: list[Ranked]
    familiarity: float | None = None
    none_of_these: bool | None = None
    set: list[str] | None = None
    error: str | None


class Answers(BaseModel):
    """The answers of one request, in the order of its pictures."""

    model: str
    predictions: list[Answer]


class ModelShown(BaseModel):
    """A model that is served: the classes in their order, the size of its pictures, what computes."""

    name: str
    network: str
    classes: list[str]
    width: int
    height: int
    color: str
    engine: str


class ModelsShown(BaseModel):
    """All models that are served."""

    models: list[ModelShown]


@dataclass(frozen=True)
class _Wanted:
    """What is to be said of each picture: the number of classes, and a list with this coverage if there is one."""

    top: int
    coverage: float | None


def serving_app(models: ServedModels, readers: Readers, metrics: Metrics, rules: Rules) -> Protection:
    """Return the server as an ASGI application."""
    app = FastAPI(title="Glasshouse models", version=__version__, docs_url=None, redoc_url=None)
    app.add_exception_handler(GlasshouseError, _failed)
    app.add_exception_handler(HTTPException, _refused)

    @app.get("/health/live", response_class=PlainTextResponse, tags=["health"])
    def live() -> str:
        """Say that the process runs."""
        return "ok\n"

    @app.get("/health/ready", response_class=PlainTextResponse, tags=["health"])
    def ready() -> str:
        """Say that the models are loaded; before that nothing is answered at all."""
        return "ok\n"

    @app.get("/metrics", response_class=PlainTextResponse, tags=["health"])
    def counted() -> Response:
        """Return what was counted, for Prometheus."""
        waiting = {one.name: one.batcher.waiting for one in models}
        text = metrics.text(waiting, {one.name: one.model.engine for one in models})
        return Response(text, media_type=CONTENT_TYPE)

    @app.get("/v1/models", tags=["models"])
    def listed() -> ModelsShown:
        """List the models."""
        return ModelsShown(models=[_shown(one) for one in models])

    @app.get("/v1/models/{name}", tags=["models"])
    def one_model(name: str) -> ModelShown:
        """Describe a model."""
        return _shown(models.get(name))

    @app.post(
        "/v1/models/{name}/predict", tags=["models"], openapi_extra=BODY, response_model=Answers,
        response_model_exclude_unset=True,
    )  # fmt: skip
    async def predict(
        request: Request, name: Annotated[str, Path()], top: Annotated[int, Query(ge=1, le=1000)] = 5,
        coverage: Annotated[float | None, Query(ge=0.5, le=0.99)] = None,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Say what is in pictures; one that cannot be used has an ``error`` in its place.

        ``familiarity`` says how much a picture is like those that the model learned from; with ``coverage`` there is
        ``set``, a list that holds the right answer for that share of pictures.
        """
        begin, status = time.perf_counter(), 500
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        served = models.get(name)
        try:
            if coverage is not None:
                served.model.sets().least(coverage)  # what cannot be promised is refused
            wanted = _Wanted(top, coverage)
            found = [one.to_dict() for one in await _predictions(request, served, readers, metrics, wanted)]
            status = 200
        except GlasshouseError as error:
            status = _status(error)
            raise
        except HTTPException as error:
            status = error.status_code
            raise
        finally:
            metrics.requested(name, status, time.perf_counter() - begin)
        return {"model": name, "predictions": found}

    return Protection(app, rules)


async def _predictions(
    request: Request, served: Served, readers: Readers, metrics: Metrics, wanted: _Wanted
) -> Sequence[Prediction]:
    pictures = await _pictures(request)
    tasks = [asyncio.ensure_future(_prediction(served, readers, *one, wanted)) for one in pictures]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    for one in found:
        metrics.pictured(served.name, "refused" if one.error else "answered")
    return found


async def _prediction(served: Served, readers: Readers, path: str | None, data: bytes, wanted: _Wanted) -> Prediction:
    try:
        row = await run_in_threadpool(prepared_row, readers, served.model, data, "")
    except PictureError as error:
        return Prediction(path, None, None, error=str(error))
    answer = await asyncio.wrap_future(served.batcher.submit(row))
    return served.model.prediction(answer, wanted.top, path, wanted.coverage)


async def _pictures(request: Request) -> list[tuple[str | None, bytes]]:
    """Return name and bytes of each picture of a request.

    Raises:
        InputError: there is none, or too many.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" or kind.startswith("text/") or kind == "application/json":
        raise InputError("a body of {kind} is no picture. {advice}", kind=kind, advice=ADVICE)
    if kind != "multipart/form-data":
        body = await request.body()
        if not body:
            raise InputError("the body is empty. {advice}", advice=ADVICE)
        return [(None, body)]
    async with request.form(max_files=PICTURES, max_fields=8) as form:
        files = [file for file in form.getlist("files") if isinstance(file, UploadFile)]
        if not files:
            raise InputError("the form has no files. {advice}", advice=ADVICE)
        return [(file.filename or None, await file.read()) for file in files]


def _shown(one: Served) -> ModelShown:
    own = one.model.preprocessing
    return ModelShown(
        name=one.name, network=one.model.network, classes=list(one.model.classes), width=own.width, height=own.height,
        color=own.color, engine=one.model.engine,
    )  # fmt: skip


def _status(error: GlasshouseError) -> int:
    if isinstance(error, BusyError):
        return 503
    return 404 if isinstance(error, MissingError) else 422 if isinstance(error, InputError) else 500


async def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, GlasshouseError)
    status = _status(error)
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse({"errors": [{"field": None, "message": str(error)}]}, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"errors": [{"field": None, "message": error.detail}]}, error.status_code, error.headers)
