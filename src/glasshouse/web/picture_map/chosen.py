"""Which points of a map a page or the API lists: by class, by answer, within a lasso, or those near one picture."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from glasshouse.store.picture_maps import StoredMap

__all__ = ["PAGE", "ChosenPoints", "chosen_points", "inside"]

PAGE = 24  # pictures of a page of the list
CORNERS = 400  # of a lasso
SHOW = ("all", "wrong", "right")


class ChosenPoints(BaseModel):
    """What the address asks for; unknown words are as if not said.

    ``lasso`` is x,y,x,y,... in the map's own numbers; ``near`` is the number of a point, whose neighbours come first.
    """

    model_config = ConfigDict(frozen=True)
    split: str = "val"
    method: str = "tsne"
    label: str = Field("", alias="class")
    show: str = "all"
    lasso: Annotated[str, Field(max_length=16_000)] = ""
    near: int | None = None
    after: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def query(self, **more: object) -> str:
        """Return the address's query with other values in the place of some."""
        values = {**self.model_dump(by_alias=True), "after": 0, **more}
        plain = {"split": "val", "method": "tsne", "class": "", "show": "all", "lasso": "", "near": None, "after": 0}
        return "?" + urlencode({name: value for name, value in values.items() if value not in (plain[name], None)})


def chosen_points(made: StoredMap, asked: ChosenPoints) -> NDArray[np.int64]:
    """Return the numbers of the points that are asked for, int64 (n,), in the map's order or by their distance."""
    kept = np.ones(len(made), bool)
    if asked.label in made.names:
        kept &= made.labels == made.names.index(asked.label)
    if asked.show in SHOW[1:]:
        kept &= made.right == (asked.show == "right")
    places = made.positions(asked.method)
    corners = _corners(asked.lasso)
    if len(corners) > 2:
        kept &= inside(places, corners)
    numbers = np.flatnonzero(kept)
    if asked.near is None or not 0 <= asked.near < len(made):
        return numbers
    distance = ((places[numbers] - places[asked.near]) ** 2).sum(1)
    return numbers[np.argsort(distance, kind="stable")]


def inside(places: NDArray[np.float32], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which places (N, 2) lie within a polygon (m, 2), by the even-odd rule."""
    x, y = places[:, 0].astype(np.float64), places[:, 1].astype(np.float64)
    found = np.zeros(len(places), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            found ^= crosses & (x < x0 + (x1 - x0) * (y - y0) / (y1 - y0))
    return found


def _corners(text: str) -> NDArray[np.float64]:
    """Return the corners (m, 2) of a lasso; none if the text is not made of pairs of numbers."""
    numbers: Sequence[float] = []
    try:
        numbers = [float(one) for one in text.split(",")] if text else []
    except ValueError:
        return np.zeros((0, 2))
    if len(numbers) % 2 or len(numbers) > 2 * CORNERS or not np.isfinite(numbers).all():
        return np.zeros((0, 2))
    return np.array(numbers, np.float64).reshape(-1, 2)
