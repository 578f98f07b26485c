"""What went into a training and what comes out, over the API."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.context.request_context import Context
from glasshouse.web.follow.inputs import inputs_and_outputs

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])


class InAndOut(BaseModel):
    """Training pictures as the network saw them and its answers; ``ready`` is false while they are being made.

    ``seen`` are ``data:`` addresses, the prepared picture first, then those of the first epochs; ``moment`` says whose
    the answers are: ``model``, ``best`` (a checkpoint) or empty.
    """

    ready: bool
    shape: list[int] = []
    classes: int = 0
    mean: list[float] = []
    std: list[float] = []
    moment: str = ""
    pictures: list[dict[str, object]] = []


@router.get("/in-and-out")
def show(context: Context, model_id: str, response: Response) -> InAndOut:
    """Show some pictures on their way through the network; 202 means: ask again in a moment."""
    record = get_model(context.store, model_id, context.user)
    dataset = get_dataset(context.store, record.dataset_id or "", context.user)
    found = inputs_and_outputs(context.store.path(record.folder), context.store.path(dataset.folder), record.recipe)
    if found is None:
        response.status_code = 202
        return InAndOut(ready=False)
    return InAndOut.model_validate({"ready": True, **found})
