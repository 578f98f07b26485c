"""What the API returns for a map of pictures."""

from typing import Literal

from glasshouse.web.context.shapes import Shape

__all__ = ["MapOut", "MapPoint", "MapPointList", "MapRequest"]


class MapRequest(Shape):
    """Which pictures to map: val, train, or all for both."""

    split: Literal["val", "train", "all"] = "val"


class MapOut(Shape):
    """A map: ``names`` are classes, ``parts`` splits. ``iteration`` of ``iterations`` steps of t-SNE are done."""

    split: str
    count: int
    wrong: int
    names: list[str]
    parts: list[str]
    iteration: int
    iterations: int
    explained: list[float]
    dataset: str


class MapPoint(Shape):
    """A picture on the map: ``number`` is its place in the binary answers, ``row`` its number in its split, from 0."""

    number: int
    path: str
    label: str
    predicted: str
    split: str
    row: int
    x: float
    y: float


class MapPointList(Shape):
    """A page of points, of ``count``."""

    items: list[MapPoint]
    count: int
