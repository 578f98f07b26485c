"""What the layers see over the API, in the words of ``glasshouse filters`` and ``glasshouse activations``; its jobs."""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.store.explanations import submit_explanation
from glasshouse.store.models import get_model
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import find_model
from glasshouse.web.context.shapes import JobOut
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.layers.picture_view import PictureView, numbers_of_picture
from glasshouse.web.layers.seen import frames, kept_filters, kept_statistics, stages

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])
Part = Literal["val", "train"]


class ExplanationRequest(BaseModel):
    """Work that explains a model: its word, and the split whose pictures it takes."""

    do: str
    split: str = "val"


class ConvolutionOut(BaseModel):
    """A convolution: its name, the ``stage`` of maps of one size that it is in, and how many filters never respond."""

    name: str
    stage: int
    filters: int
    height: int
    width: int
    silent: int


class ConvolutionsOut(BaseModel):
    """The convolutions of a model over ``pictures`` pictures of a split, from the picture to the answer."""

    split: str
    pictures: int
    layers: list[ConvolutionOut]


class ExampleOut(BaseModel):
    """A picture that excites a filter; ``box`` is x0, y0, x1, y1 in pixels of the dataset's picture."""

    path: str
    activation: float
    box: tuple[int, int, int, int]
    row: int


class FilterOut(BaseModel):
    """A filter with its nine pictures, the strongest first."""

    filter: int
    silent: bool
    examples: list[ExampleOut]


class FiltersOut(BaseModel):
    """The filters of a layer."""

    layer: str
    split: str
    pictures: int
    filters: list[FilterOut]


class ActivationsOut(BaseModel):
    """One picture in every layer; while ``state`` is working nothing else is there.

    ``layers`` are in the words of ``glasshouse activations --json``; ``responses`` has, by the name of a convolution,
    the largest response of each filter anywhere in the picture.
    """

    state: Literal["working", "done"]
    label: str | None = None
    answer: str | None = None
    probability: float | None = None
    layers: list[dict[str, object]] = []
    responses: dict[str, list[float]] = {}


@router.post("/explanations", status_code=202)
def explain(context: Context, model_id: str, request: ExplanationRequest) -> JobOut:
    """Queue work that explains the model; the same work that waits or runs is returned."""
    return JobOut.of(submit_explanation(context.store, model_id, request.do, request.split, context.user))


@router.get("/layers")
def layers(context: Context, model_id: str, split: Part = "val") -> ConvolutionsOut:
    """Tell the convolutions whose filters were looked at."""
    run, dataset = _place(context, model_id)
    kept = kept_filters(run, dataset, split)
    if kept is None:
        raise _unknown("filters")
    found = [
        ConvolutionOut(name=name, stage=one.number, filters=layer.filters, height=one.height, width=one.width,
                       silent=sum(layer.silent(number) for number in range(layer.filters)))
        for one in stages(kept) for name in one.layers for layer in (kept.layers[name],)
    ]  # fmt: skip
    return ConvolutionsOut(split=split, pictures=kept.pictures, layers=found)


@router.get("/filters")
def filters(
    context: Context, model_id: str, layer: str = "", split: Part = "val",
    number: Annotated[int | None, Query(alias="filter", ge=0)] = None,
) -> FiltersOut:  # fmt: skip
    """Tell the nine pictures that excite each filter of a layer most, or one of them."""
    run, dataset = _place(context, model_id)
    kept = kept_filters(run, dataset, split)
    if kept is None or dataset is None:
        raise _unknown("filters")
    one = kept.layers.get(layer)
    if one is None or (number is not None and number >= one.filters):
        raise MissingError("The model has no such filter in {layer}; there are {names}.", layer=layer,
                           names=", ".join(kept.layers))  # fmt: skip
    chosen = range(one.filters) if number is None else (number,)
    found = [
        FilterOut(
            filter=each, silent=one.silent(each),
            examples=[ExampleOut(path=e.path, activation=e.activation, box=e.box, row=e.row)
                      for e in frames(one, each, dataset, split)],
        )
        for each in chosen
    ]  # fmt: skip
    return FiltersOut(layer=layer, split=split, pictures=kept.pictures, filters=found)


@router.get("/statistics")
def statistics(context: Context, model_id: str, split: Part = "val") -> dict[str, object]:
    """Tell the numbers of every layer over a split, with the words of ``glasshouse activations --json``."""
    run, dataset = _place(context, model_id)
    found = kept_statistics(run, dataset, split)
    if found is None:
        raise _unknown("statistics")
    return {"split": split, "layers": found}


@router.get("/activations")
def activations(context: Context, model_id: str, view: Annotated[PictureView, Query()]) -> ActivationsOut:
    """Tell the numbers of every layer for one picture; ask again while ``state`` is working."""
    record = get_model(context.store, model_id, context.user)
    return ActivationsOut.model_validate(dict(numbers_of_picture(context.store, record, view, context.user)))


def _place(context: RequestContext, model_id: str) -> tuple[Path, Dataset | None]:
    job = find_model(context, model_id)
    return job.folder, dataset_of(context, job)


def _unknown(do: str) -> MissingError:
    return MissingError("That is not known yet; ask for it with POST explanations and the word {do}.", do=do)
