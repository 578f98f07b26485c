"""What the API tells and takes of networks, field by field."""

from dataclasses import asdict
from typing import Self

from pydantic import Field

from glasshouse.layers.look import Look, Memory, Seen
from glasshouse.store.records import NetworkRecord
from glasshouse.web.context.shapes import Changes, Shape

__all__ = ["LayerSeen", "NetworkChanges", "NetworkList", "NetworkOut", "NetworkRequest", "NetworkSeen", "SeenRequest"]


class NetworkOut(Shape):
    """A custom network: ``layers`` as ``glasshouse.layers.Network.to_dict()`` gives them, and its two parts."""

    id: str
    name: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    layers: dict[str, object]
    objective: dict[str, object]
    optimizer: dict[str, object]
    parameters: int
    problems: int
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None

    @classmethod
    def of(cls, record: NetworkRecord) -> Self:
        """Tell a network."""
        return cls(**{name: getattr(record, name) for name in cls.model_fields})


class NetworkList(Shape):
    """A page of the ``count`` that fit; ``after`` and ``before`` are the marks of the pages around it, if any."""

    items: list[NetworkOut]
    count: int
    after: str | None = None
    before: str | None = None


class NetworkRequest(Shape):
    """A network to keep; it may be unfinished."""

    name: str
    layers: dict[str, object]
    objective: dict[str, object] = Field(default_factory=dict)
    optimizer: dict[str, object] = Field(default_factory=dict)
    notes: str = ""
    group_name: str = ""
    shared: bool = False


class NetworkChanges(Changes):
    """What to change; ``revision`` guards against two people who edit at once."""

    layers: dict[str, object] = Field(default_factory=dict)
    objective: dict[str, object] = Field(default_factory=dict)
    optimizer: dict[str, object] = Field(default_factory=dict)


class SeenRequest(Shape):
    """Layers to look at; ``slots`` are the numbers that the optimizer keeps for each weight (Adam: 2)."""

    layers: dict[str, object]
    batch_size: int = Field(64, ge=1, le=2**20)
    slots: int = Field(2, ge=0, le=4)


class LayerSeen(Shape):
    name: str
    shape: list[int] | None
    weights: list[list[int]]
    parameters: int
    learned: int
    problems: list[dict[str, str]]


class NetworkSeen(Shape):
    """What layers amount to: shapes, weights, problems by layer, bytes of memory for a training."""

    layers: list[LayerSeen]
    problems: list[dict[str, str]]
    parameters: int
    learned: int
    memory: dict[str, int]

    @classmethod
    def of(cls, look: Look, memory: Memory) -> Self:
        """Tell a look."""
        return cls(
            layers=[_seen(layer) for layer in look.layers],
            problems=[asdict(problem) for problem in look.problems],
            parameters=look.parameters,
            learned=look.learned,
            memory={**asdict(memory), "total": memory.total},
        )


def _seen(layer: Seen) -> LayerSeen:
    return LayerSeen(
        name=layer.name,
        shape=None if layer.shape is None else list(layer.shape),
        weights=[list(one) for one in layer.weights],
        parameters=layer.parameters,
        learned=layer.learned,
        problems=[asdict(problem) for problem in layer.problems],
    )
