"""A map of pictures over the API: asked for, its points and positions as numbers, and those that are chosen."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from glasshouse.errors import MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.explanations import submit_explanation
from glasshouse.store.models import get_model
from glasshouse.store.picture_maps import StoredMap, read_map
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.shapes import JobOut
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.picture_map.chosen import ChosenPoints, chosen_points
from glasshouse.web.picture_map.shapes import MapOut, MapPoint, MapPointList, MapRequest

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}/map", tags=["models"])
Mapped = Literal["val", "train", "all"]
Method = Literal["pca", "tsne"]
NUMBERS = "application/octet-stream"


@router.post("", status_code=201)
def make(context: Context, model_id: str, request: MapRequest) -> JobOut:
    """Queue the making of a map; its positions can be read while it is made."""
    return JobOut.of(submit_explanation(context.store, model_id, "map", request.split, context.user))


@router.get("")
def show(context: Context, model_id: str, split: Mapped = "val") -> MapOut:
    """Tell what the map has, and how far t-SNE is."""
    made = _read(context, model_id, split)
    return MapOut(
        split=split, count=len(made), wrong=int((~made.right).sum()), names=list(made.names), parts=list(made.parts),
        iteration=made.iteration, iterations=made.iterations, explained=list(made.explained), dataset=made.dataset,
    )  # fmt: skip


@router.get("/points", response_class=Response)
def points(context: Context, model_id: str, split: Mapped = "val") -> Response:
    """Return label, predicted class, split, row and whether the answer was right: int32 little-endian (N, 5)."""
    return Response(_read(context, model_id, split).points().tobytes(), media_type=NUMBERS)


@router.get("/positions", response_class=Response)
def positions(context: Context, model_id: str, split: Mapped = "val", method: Method = "tsne") -> Response:
    """Return x and y of each point: float32 little-endian (N, 2); the header X-Iteration tells how far t-SNE is."""
    made = _read(context, model_id, split)
    headers = {"X-Iteration": str(made.iteration), "Cache-Control": "no-store"}
    return Response(made.positions(method).astype("<f4").tobytes(), media_type=NUMBERS, headers=headers)


@router.get("/chosen")
def chosen(
    context: Context, model_id: str, asked: Annotated[ChosenPoints, Query()],
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> MapPointList:  # fmt: skip
    """List points by class, answer, lasso, or by their distance from one, with the paths of their pictures."""
    made, record = _read(context, model_id, asked.split), get_model(context.store, model_id, context.user)
    if record.dataset_id is None:
        raise MissingError("There is no map of these pictures yet.")
    dataset = opened(context.store.path(get_dataset(context.store, record.dataset_id, context.user).folder))
    numbers, places = chosen_points(made, asked), made.positions(asked.method)
    items = []
    for number in numbers[asked.after : asked.after + limit].tolist():
        split, row = made.parts[made.splits[number]], int(made.rows[number])
        x, y = places[number].tolist()
        items.append(
            MapPoint(number=number, path=dataset.splits[split].row(row).path, label=made.names[made.labels[number]],
                     predicted=made.names[made.predicted[number]], split=split, row=row, x=x, y=y)
        )  # fmt: skip
    return MapPointList(items=items, count=len(numbers))


def _read(context: RequestContext, model_id: str, split: str) -> StoredMap:
    return read_map(context.store.path(get_model(context.store, model_id, context.user).folder), split)
