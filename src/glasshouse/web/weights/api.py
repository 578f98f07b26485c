"""The shelf of weights over the API."""

from typing import Self

from fastapi import APIRouter
from pydantic import Field

from glasshouse.networks.shelf.items import Card, Item
from glasshouse.networks.shelf.listing import listed
from glasshouse.store.weights import (
    remove_weights,
    submit_weights_fetch,
    submit_weights_file,
    weights_at_hand,
    weights_to_fetch,
)
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import JobOut, Shape

__all__ = ["router"]

router = APIRouter(prefix="/weights", tags=["weights"])


class WeightsOut(Shape):
    """Pretrained weights: what is on their card; ``place`` is box, shelf, or empty if they would have to be fetched.

    ``width`` and ``height`` in pixels, ``top1`` and ``top5`` on ImageNet (0..1), ``commercial`` None if no licence is
    known.
    """

    name: str
    network: str
    width: int
    height: int
    parameters: int
    classes: int
    top1: float | None
    top5: float | None
    measured: str
    licence: str
    commercial: bool | None
    source: str
    mean: list[float]
    std: list[float]
    sha256: str
    bytes: int
    added: str
    added_by: str
    here: bool
    place: str

    @classmethod
    def of(cls, one: Item | Card) -> Self:
        """Tell weights, without where they lie on the server."""
        told = {name: value for name, value in listed(one).items() if name in cls.model_fields}
        return cls(**{**told, "mean": list(told["mean"]), "std": list(told["std"])})


class WeightsList(Shape):
    items: list[WeightsOut]


class NewWeights(Shape):
    """An uploaded file (``upload:ID``) to put on the shelf; ``network`` if the file does not tell it."""

    upload: str = Field(max_length=200)
    network: str = Field("", max_length=200)
    name: str = Field("", max_length=120)
    licence: str = Field("", max_length=120)
    source: str = Field("", max_length=500)


class Published(Shape):
    """Published weights, by the name of their network: recommended ones, the catalogue's or timm's."""

    name: str = Field(min_length=1, max_length=200)


@router.get("")
def show_all(context: Context) -> WeightsList:
    """List the weights at hand, then the recommended ones that can be fetched."""
    found = [*map(WeightsOut.of, weights_at_hand(context.store)), *map(WeightsOut.of, weights_to_fetch(context.store))]
    return WeightsList(items=found)


@router.post("", status_code=202)
def add(context: Context, new: NewWeights) -> JobOut:
    """Put an uploaded file on the shelf; a job reads and checks it."""
    words = {"network": new.network, "name": new.name, "licence": new.licence, "source": new.source}
    return JobOut.of(submit_weights_file(context.store, new.upload, context.user, **words))


@router.post("/fetch", status_code=202)
def fetch(context: Context, wanted: Published) -> JobOut:
    """Fetch published weights from the network; see their licence first (``GET /weights``)."""
    return JobOut.of(submit_weights_fetch(context.store, wanted.name, context.user))


@router.delete("/{name}", status_code=204)
def remove(context: Context, name: str) -> None:
    """Take weights off the shelf and delete their file."""
    remove_weights(context.store, name, context.user)
