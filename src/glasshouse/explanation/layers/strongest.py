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
    """The best so far of a convolution with ``filters`` filters."""

    def __init__(self, filters: int) -> None:
        self.values = torch.zeros(0, filters)
        self.rows = self.places = torch.zeros(0, filters, dtype=torch.int64)

    def add(self, y: Tensor, first: int) -> None:
        """Take the responses y (n, F, H, W) of the pictures from row ``first`` on."""
        values, places = y.flatten(2).max(2)
        rows = torch.arange(first, first + len(y)).unsqueeze(1).expand_as(places)
        values, rows = torch.cat([self.values, values]), torch.cat([self.rows, rows])
        places = torch.cat([self.places, places])
        order = values.sort(dim=0, descending=True, stable=True).indices[:NINE]
        self.values, self.rows, self.places = (each.gather(0, order) for each in (values, rows, places))

    def found(self, convolution: Convolution) -> Strongest:
        """Return what is best after all batches."""
        return Strongest(convolution, self.values.numpy(), self.rows.numpy(), self.places.numpy())


def strongest(network: nn.Module, batches: Batches) -> Generator[Progress, None, Mapping[str, Strongest]]:
    """Yield progress and return the strongest responses of every convolution by its name."""
    first = next(iter(batches.passed("filters")))[0][:1]
    found = convolutions(network, first)
    names: dict[str, list[str]] = {}
    for one in found:
        names.setdefault(one.seen, []).append(one.name)
    best, row = {one.name: _Best(one.filters) for one in found}, 0

    def see(call: Call) -> None:
        for name in names.get(call.name, ()):
            best[name].add(call.output.detach(), row)

    with watching(network, see), torch.no_grad():
        for x, progress in batches.passed("filters"):
            network(x)
            row += len(x)
            yield progress
    return {one.name: best[one.name].found(one) for one in found}
