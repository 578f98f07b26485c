"""One picture in every layer, as its page and the API show it: the question, the network drawn, what it excites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from glasshouse.errors import ConflictError
from glasshouse.explanation.layers.kept_files import KeptFilters
from glasshouse.explanation.stages import LONG, falling
from glasshouse.store.database import Store
from glasshouse.store.followed_pictures import kept_picture
from glasshouse.store.predictor import put_question
from glasshouse.store.records import ModelRecord, UserRecord
from glasshouse.web.follow.view import dataset_folder
from glasshouse.web.layers.seen import stages

__all__ = ["Block", "Excitement", "PictureView", "blocks", "excitement", "groups", "numbers_of_picture"]

BEST = 6  # filters of a stage
WIDE, HIGH, GAP = 960.0, 120.0, 0.2  # the drawing of a network, and the part of a block that is empty


class PictureView(BaseModel):
    """Which picture: ``row`` of ``split``, or the key of one that was brought."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    split: Literal["train", "val"] = "val"
    row: int = Field(default=0, ge=0)
    picture: str = ""
    since: str = ""

    def query(self) -> str:
        """The address behind the question mark."""
        return urlencode({"picture": self.picture} if self.picture else {"split": self.split, "row": self.row})


@dataclass(frozen=True)
class Block:
    """A layer in the drawing of a network: as high as its maps are, as dark as the share ``alive`` of its numbers."""

    x: float
    y: float
    width: float
    height: float
    alive: float
    name: str
    shape: str


@dataclass(frozen=True)
class Group:
    """Layers of a long network from ``first`` up to ``end`` (excluded) that work at one size (H, W), or at (1, 1)."""

    number: int
    size: tuple[int, int]
    first: int
    end: int


@dataclass(frozen=True)
class Responding:
    """A filter and its response, as a ``share`` (0 and more) of the strongest response of the kept split."""

    filter: int
    share: float


@dataclass(frozen=True)
class Excitement:
    """The filters of a stage's last convolution that a picture excites most; ``number`` is the layer's place."""

    stage: int
    layer: str
    number: int
    filters: Sequence[Responding]


def numbers_of_picture(
    store: Store, model: ModelRecord, view: PictureView, user: UserRecord | None, patience: float = 1.5
) -> Mapping[str, Any]:
    """Ask the predictor; ``{"state": "working"}`` while it is still being started or computes.

    Raises:
        InputError: there is no such picture.
        MissingError: the picture is not kept any more.
    """
    picture = kept_picture(store, model, view.picture) if view.picture else b""
    source = {"split": None} if view.picture else {"split": view.split, "row": view.row}
    question = {"kind": "activations", "model": model.folder, "data": dataset_folder(store, model, user), **source}
    try:
        return put_question(store, question, picture, patience)
    except ConflictError:
        return {"state": "working", "done": None}


def blocks(layers: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Draw the layers beside one another in the order of computation.

    The height is the root of a map's longer side beside the largest; a vector is as low as the smallest map.
    """
    step = WIDE / max(1, len(layers))
    sides = [max(one["shape"][1:]) if len(one["shape"]) == 3 else 1 for one in layers]
    most = max([*sides, 1])
    found = []
    for number, (one, side) in enumerate(zip(layers, sides)):
        height = HIGH * max(0.08, (side / most) ** 0.5)
        found.append(Block(number * step, (HIGH - height) / 2, step * (1 - GAP), height, 1 - one["zeros"],
                           one["name"], " × ".join(map(str, one["shape"]))))  # fmt: skip
    return found


def groups(layers: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Return the stages in which a table of many layers folds; none of few."""
    if len(layers) <= LONG:
        return []
    sizes = falling([(one["shape"][1], one["shape"][2]) if len(one["shape"]) == 3 else (1, 1) for one in layers])
    starts = [n for n, size in enumerate(sizes) if not n or size != sizes[n - 1]]
    return [Group(number, sizes[start], start, end)
            for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(sizes)]), 1)]  # fmt: skip


def excitement(kept: KeptFilters | None, responses: Mapping[str, Sequence[float]]) -> list[Excitement]:
    """Return what a picture excites, the last stage first: the largest shares of the strongest response known."""
    if kept is None:
        return []
    numbers = {name: number for number, name in enumerate(kept.layers)}
    found = [Excitement(one.number, one.first, numbers[one.first], _most(kept, one.first, responses))
             for one in reversed(stages(kept)) if one.first in responses]  # fmt: skip
    return [one for one in found if one.filters]


def _most(kept: KeptFilters, layer: str, responses: Mapping[str, Sequence[float]]) -> list[Responding]:
    best = kept.layers[layer].values[0]
    shares = [Responding(number, value / float(best[number])) for number, value in enumerate(responses[layer])
              if value > 0 and best[number] > 0]  # fmt: skip
    return sorted(shares, key=lambda one: -one.share)[:BEST]
