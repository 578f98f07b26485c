"""The numbers of every layer over one picture or a whole split, in one pass and bounded memory."""

import math
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glasshouse.events import Progress
from glasshouse.explanation.layers.histograms import GrowingHistogram
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.watching import Call, watching

__all__ = ["LayerStatistics", "layer_statistics"]

SAMPLED = 2**16  # values of a layer and a batch that its histogram counts


@dataclass(frozen=True)
class LayerStatistics:
    """What a layer gave: ``shape`` without N; ``zeros`` is the share of its values that are exactly 0 (0..1).

    ``dead`` is the share of its units (channels, or features of a dense layer) that were 0 on every picture, ``units``
    how many there are. ``histogram`` has ``edges`` and ``counts`` of evenly sampled values.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    mean: float
    std: float
    minimum: float
    maximum: float
    zeros: float
    units: int
    dead: float
    histogram: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse activations --json``."""
        return {**asdict(self), "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "LayerStatistics":
        """Return what ``to_dict`` gave."""
        return cls(**{**data, "shape": tuple(data["shape"])})


class _Sums:
    """What is known of one layer so far."""

    def __init__(self, call: Call) -> None:
        self.name, self.kind, self.parameters = call.name, call.kind, call.parameters
        self.shape = tuple(int(side) for side in call.output.shape[1:])
        self.count, self.zeros, self.total, self.squares = 0, 0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf
        self.alive: Tensor | None = None
        self.histogram = GrowingHistogram()

    def add(self, y: Tensor) -> None:
        self.count += y.numel()
        self.zeros += int((y == 0).sum())
        self.total += float(y.sum(dtype=torch.float64))
        self.squares += float(y.double().square().sum())
        low, high = torch.aminmax(y)
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
        axis = 1 if y.ndim != 3 else 2
        alive = (y != 0).movedim(axis, 0).flatten(1).any(1)
        self.alive = alive if self.alive is None else self.alive | alive
        values = y.reshape(-1)
        self.histogram.add(values[:: max(1, math.ceil(len(values) / SAMPLED))].numpy())

    def found(self) -> LayerStatistics:
        mean = self.total / self.count
        std = math.sqrt(max(0.0, self.squares / self.count - mean * mean))
        alive = np.ones(1, bool) if self.alive is None else self.alive.numpy()
        return LayerStatistics(
            self.name, self.kind, self.shape, self.parameters, mean, std, self.low, self.high, self.zeros / self.count,
            len(alive), float(1 - alive.mean()), self.histogram.to_dict(),
        )  # fmt: skip


def layer_statistics(network: nn.Module, batches: Batches) -> Generator[Progress, None, tuple[LayerStatistics, ...]]:
    """Yield progress and return the statistics of every layer over all ``batches``, in the order of computation."""
    sums: dict[str, _Sums] = {}

    def see(call: Call) -> None:
        sums.setdefault(call.name, _Sums(call)).add(call.output.detach())

    with ExitStack() as stack:
        stack.enter_context(watching(network, see))
        stack.enter_context(torch.no_grad())
        for x, progress in batches.passed("statistics"):
            network(x)
            yield progress
    return tuple(one.found() for one in sums.values())
