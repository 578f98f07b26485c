"""Models over the API: trained, followed, scored, asked."""

import gzip
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from glasshouse.errors import MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import (
    count_models,
    get_model,
    list_models,
    page_of_models,
)
from glasshouse.store.resources import (
    abort_resource,
    resume_resource,
)
from glasshouse.store.results import read_report, result_place
from glasshouse.store.runs import delete_checkpoint, list_checkpoints
from glasshouse.store.sample_model import submit_sample
from glasshouse.store.submit import NewModel, continue_model, submit_classification, submit_evaluation, submit_models
from glasshouse.training.kept_epochs import KeptEpoch, kept_epochs
from glasshouse.web.context.job_resource import model_resource
from glasshouse.web.context.owned_records import changed, put_away, restored
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import (
    Changes,
    Classification,
    EvaluationRequest,
    JobOut,
    ModelList,
    ModelOut,
    ModelRequest,
    PointsOut,
    Times,
)
from glasshouse.web.framework.listing import AskedListing, listed
from glasshouse.web.models.advice import verdict_on
from glasshouse.web.models.sample_page import sample_names

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def show_all(context: Context, listing: AskedListing, dataset_id: str | None = None) -> ModelList:
    """List models, as Home does.

    ``binned`` shows the bin, ``dataset_id`` only those on it, ``sort`` is a column with - before it for falling;
    ``state`` may be given several times; ``owner`` is mine or others. The next page is asked with the ``after`` of this
    one, the page before it with its ``before``; with ``offset`` rows are counted instead, which is slower.
    """
    store, user = context.store, context.user
    page = listed(
        listing,
        lambda asked: list_models(store, user, asked, dataset_id=dataset_id),
        lambda asked: page_of_models(store, user, asked, dataset_id=dataset_id),
    )
    count = count_models(store, user, listing, dataset_id=dataset_id)
    return ModelList(items=[ModelOut.of(one) for one in page.items], count=count, after=page.after, before=page.before)


@router.post("", status_code=201)
def make(context: Context, request: ModelRequest) -> ModelList:
    """Queue a training, or one for each pair of a sweep."""
    asked = request.model_dump(exclude={"sweep"})
    sweep: dict[str, Sequence[float]] = (
        {"lr": request.sweep.lr, "batch_size": request.sweep.batch_size} if request.sweep else {}
    )
    found = submit_models(context.store, NewModel(**asked, sweep=sweep), context.user)
    return ModelList(items=[ModelOut.of(one) for one in found], count=len(found))


@router.post("/sample", status_code=201)
def sample(context: Context) -> ModelOut:
    """Queue a small training on the bundled digits, and the making of their dataset if there is none."""
    return ModelOut.of(submit_sample(context.store, *sample_names(context.language), context.user))


@router.get("/{model_id}")
def show(context: Context, model_id: str) -> ModelOut:
    """Show one model, with the verdict on it once it is done: what it is worth, and the step that would help most."""
    record = get_model(context.store, model_id, context.user)
    verdict = verdict_on(context, model_resource(context.store, record, context.user))
    return ModelOut.of(record, verdict.to_dict() if verdict else None)


@router.patch("/{model_id}")
def change(context: Context, model_id: str, changes: Changes) -> ModelOut:
    """Change its name, notes, group or sharing."""
    record = get_model(context.store, model_id, context.user)
    return ModelOut.of(changed(context, record, changes.model_dump(exclude_unset=True)))


@router.delete("/{model_id}")
def delete(context: Context, model_id: str, for_good: bool = False) -> ModelOut:
    """Put it into the bin; with ``for_good`` a model in the bin is deleted with its run."""
    record = get_model(context.store, model_id, context.user)
    return ModelOut.of(put_away(context, record, for_good=for_good))


@router.post("/{model_id}/restore")
def restore(context: Context, model_id: str) -> ModelOut:
    """Take it out of the bin."""
    return ModelOut.of(restored(context, get_model(context.store, model_id, context.user)))


@router.get("/{model_id}/points", response_model=PointsOut)
async def points(
    context: Context, request: Request, model_id: str,
    since: Annotated[int, Query(ge=0, lt=2**53)] = 0, machine: Annotated[int, Query(ge=0, lt=2**53)] = 0,
) -> Response:  # fmt: skip
    """Tell the points of its curves after number ``since``: numbered, append-only within one version.

    ``machine`` is the number after which the load of the computer is reported. Ask once a second while it runs.
    """
    packed = await context.live_points.reply(model_id, context.user, since, machine)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type="application/json", headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(packed), media_type="application/json", headers=headers)


@router.post("/{model_id}/abort")
def abort(context: Context, model_id: str) -> JobOut:
    """Abort its training; it keeps a checkpoint and can be resumed."""
    record = get_model(context.store, model_id, context.user)
    return JobOut.of(abort_resource(context.store, record, context.user))


@router.post("/{model_id}/resume")
def resume(context: Context, model_id: str) -> JobOut:
    """Go on with an aborted or failed training."""
    record = get_model(context.store, model_id, context.user)
    return JobOut.of(resume_resource(context.store, record, context.user))


@router.post("/{model_id}/continue", status_code=201)
def go_on(context: Context, model_id: str, times: Times) -> ModelOut:
    """Train a copy of a finished model for more epochs, beginning with its weights."""
    record = continue_model(context.store, model_id, times.epochs, context.user)
    return ModelOut.of(record)


@router.post("/{model_id}/evaluate", status_code=202)
def evaluate(context: Context, model_id: str, request: EvaluationRequest) -> JobOut:
    """Queue its scoring on a split; ``test`` opens the seal, which is written down."""
    return JobOut.of(submit_evaluation(context.store, model_id, request.split, request.dataset_id, context.user))


@router.get("/{model_id}/results/{split}")
def results(context: Context, model_id: str, split: str, dataset_id: str | None = None) -> dict[str, object]:
    """Return the report on a split, in the words of ``glasshouse evaluate --json``."""
    record = get_model(context.store, model_id, context.user)
    other = None if dataset_id is None else get_dataset(context.store, dataset_id, context.user).id
    foreign = None if other == record.dataset_id else other
    return read_report(result_place(context.store.path(record.folder), _split(split), foreign))


@router.post("/{model_id}/classify", status_code=202)
def classify(context: Context, model_id: str, request: Classification) -> JobOut:
    """Queue the classification of many pictures."""
    job = submit_classification(
        context.store, model_id, request.source, context.user, title=request.title, checkpoint=request.checkpoint
    )
    return JobOut.of(job)


@router.get("/{model_id}/checkpoints")
def checkpoints(context: Context, model_id: str) -> list[dict[str, object]]:
    """List its checkpoints with their sizes.

    Those that can predict also have their ``epoch``, ``valid_accuracy``, and whether they are ``best`` or ``last``.
    """
    record = get_model(context.store, model_id, context.user)
    epochs = {f"{one.checkpoint}.safetensors": one for one in kept_epochs(context.store.path(record.folder))}
    return [{**vars(one), **_epoch(epochs.get(one.name))} for one in list_checkpoints(context.store, record)]


@router.delete("/{model_id}/checkpoints/{name}", status_code=204)
def drop_checkpoint(context: Context, model_id: str, name: str) -> None:
    """Delete one checkpoint of an ended training."""
    delete_checkpoint(context.store, get_model(context.store, model_id, context.user), name, context.user)


def _epoch(kept: KeptEpoch | None) -> dict[str, object]:
    if kept is None:
        return {}
    return {"epoch": kept.epoch, "valid_accuracy": kept.accuracy, "best": kept.best, "last": kept.last}


def _split(name: str) -> str:
    if name not in ("train", "val", "test"):
        raise MissingError("There is no split {name}; there are train, val and test.", name=name)
    return name
