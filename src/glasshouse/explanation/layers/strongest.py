"""The nine pictures of a split that excite each filter most: all convolutions of a network in one pass."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.events import Progress
from glasshouse.explanation.layers.passing import Batches
from glasshouse.explanation.layers.watching import Call, Convolution, convolutions, watching

__all__ = ["NINE", "Strongest", "strongest"]

NINE = 9


@dataclass(frozen=True, eq=False)
class Strongest:
    """The strongest responses of a convolution's filters, best first; fewer than nine if there are fewer pictures.

    ``values`` float32 (k, F) are the responses, ``rows`` int64 (k, F) the pictures' rows in the split, ``places``
    int64 (k, F) where in the map (H, W) they are, counted row by row. Of equal responses the earlier picture is first.
    """

    convolution: Convolution
    values: NDArray[np.float32]
    rows: NDArray[np.int64]
    places: NDArray[np.int64]

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Which filters (F,) respond to no picture: their largest response is not above 0."""
        found: NDArray[np.bool_] = self.values[0] <= 0
        return found


class _Best:
    """The best so far of one convolution."""

    def __init__(self) -> None:
        self.values: Tensor | None = None
        self.rows = self.places = torch.zeros(0)

    def add(self, y: Tensor, first: int) -> None:
        """Take the responses y (n, F, H, W) of the pictures from row ``first`` on."""
        values, places = y.flatten(2).max(2)
        rows = torch.arange(first, first + len(y)).unsqueeze(1).expand_as(places)
        if self.values is not None:
            values, rows = torch.cat([self.values, values]), torch.cat([self.rows, rows])
            places = torch.cat([self.places, places])
        order = values.sort(dim=0, descending=True, stable=True).indices[:NINE]
        self.values, self.rows, self.places = (each.gather(0, order) for each in (values, rows, places))


def strongest(network: nn.Module, batches: Batches) -> Generator[Progress, None, Mapping[str, Strongest]]:
    """Yield progress and return the strongest responses of every convolution by its name."""
    first = next(iter(batches.passed("filters")))[0][:1]
    found = convolutions(network, first)
    names: dict[str, list[str]] = {}
    for one in found:
        names.setdefault(one.seen, []).append(one.name)
    best, row = {one.name: _Best() for one in found}, 0

    def see(call: Call) -> None:
        for name in names.get(call.name, ()):
            best[name].add(call.output.detach(), row)

    with watching(network, see), torch.no_grad():
        for x, progress in batches.passed("filters"):
            network(x)
            row += len(x)
            yield progress
    return {one.name: _strongest(one, best[one.name]) for one in found}


def _strongest(convolution: Convolution, best: _Best) -> Strongest:
    if best.values is None:
        raise RuntimeError("a pass over no pictures")
    return Strongest(convolution, best.values.numpy(), best.rows.numpy(), best.places.numpy())
