"""What the API returns for a followed picture; numbers are in double precision, pictures are addresses of a PNG."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["FollowOut", "GraphOut", "UploadedPicture"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TermOut(_Shape):
    """One way from a weight to the loss: through the number at ``place`` (channel, row, column; or output)."""

    place: list[int]
    local: float
    upstream: float
    product: float


class ChainOut(_Shape):
    """A derivative as a sum: the largest terms, the sum of the others, and the total."""

    terms: list[TermOut]
    count: int
    rest: float
    total: float


class UseOut(_Shape):
    """The sum through one layer."""

    stage: str
    chain: ChainOut


class LinkOut(_Shape):
    """One step of the way to the loss."""

    kind: Literal["layer", "activation", "loss"]
    stage: str
    place: list[int]
    value: float
    gradient: float
    uses: list[UseOut]
    word: str
    probability: float
    coefficient: float


class LineOut(_Shape):
    """One line of the optimiser's calculation."""

    symbol: str
    formula: str
    numbers: str
    value: float


class UpdateOut(_Shape):
    """One step of the optimiser on one weight."""

    optimizer: str
    rate: float
    before: float
    after: float
    lines: list[LineOut]
    kept: dict[str, float]


class WeightOut(_Shape):
    """One weight; ``note`` is not-learned, frozen, clipped, no-run, no-dataset or empty."""

    layer: str
    name: str
    index: list[int]
    shape: list[int]
    value: float
    gradient: float
    uses: list[UseOut]
    slope: float
    h: float
    losses: list[float]
    links: list[LinkOut]
    more_links: bool
    update: UpdateOut | None
    note: str


class StepOut(_Shape):
    """One layer: what it gave and the derivative of the loss by it, as maps or as numbers; the first few channels."""

    name: str
    kind: str
    activation: str | None
    formula: str
    sentence: str
    shape: list[int]
    count: int
    weights: dict[str, list[int]]
    inputs: list[str]
    norm: float
    low: float
    high: float
    most: float
    picture_like: bool
    maps: list[str]
    gradients: list[str]
    bars: list[float]
    gradient_bars: list[float]


class StageOut(_Shape):
    """Steps of a long network, by name, whose maps have one size (H, W); 1, 1 once there are no maps any more."""

    number: int
    size: list[int]
    steps: list[str]


class LayerOut(StepOut):
    """The layer that is looked at: up to 64 channels, and one of them large."""

    channel: int
    large: dict[str, float | str]


class ClassOut(_Shape):
    """One class: softmax's probability, the number before it, the loss's coefficient, and dL/dz."""

    name: str
    true: bool
    probability: float
    logit: float
    coefficient: float
    gradient: float


class FollowOut(_Shape):
    """A followed picture; while ``state`` is working only ``done`` (0..1, null at the start) is there: ask again."""

    state: Literal["working", "done"]
    done: float | None = None
    picture: str | None = None
    label: str | None = None
    loss: float | None = None
    network: str | None = None
    classes: list[ClassOut] = []
    count: int | None = None
    agreement: float | None = None
    hard: bool | None = None
    share: float | None = None
    steps: list[StepOut] = []
    stages: list[StageOut] = []
    moment: dict[str, object] | None = None
    layer: LayerOut | None = None
    weight: WeightOut | None = None

    @classmethod
    def of(cls, answer: Mapping[str, object]) -> Self:
        """What the predictor said, checked."""
        return cls.model_validate(answer)


class BoxOut(_Shape):
    """One box of the drawing: its layers, first to last."""

    id: int
    layers: list[str]
    kinds: list[str]
    shape: list[int]
    parameters: int
    inputs: list[int]


class GraphOut(_Shape):
    """A network as a graph; while ``state`` is working, ask again."""

    state: Literal["working", "done"]
    done: float | None = None
    name: str | None = None
    steps: int | None = None
    boxes: list[BoxOut] = []
    svg: str | None = None


class UploadedPicture(_Shape):
    """The key of a picture that was kept, for ``picture``."""

    picture: str
