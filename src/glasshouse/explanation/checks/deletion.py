"""Deletion and insertion: if the map is right, blurring its places first takes the answer away, and showing them first
brings it back.

Both are the mean probability of the class over the way; the picture is cut into 8x8 cells, which are blurred or shown
in the order of the map, in a random order, and from the centre outwards. All three take the same cells, so that none
is better because its pieces are finer.

Source: Petsiuk, Das, Saenko, RISE: Randomized Input Sampling for Explanation of Black-box Models, 2018.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from glasshouse.explanation.checks.interval import mean_interval
from glasshouse.explanation.checks.pictures import probabilities
from glasshouse.explanation.checks.result import CheckTest
from glasshouse.messages import Message

__all__ = ["MARGIN", "areas", "blurred", "deletion_and_insertion", "orders"]

MARGIN = 0.01  # of probability, by which it has to be better
CELLS, STEPS = 8, 16
Order = NDArray[np.int64]


def deletion_and_insertion(
    found: Sequence[tuple[list[float], list[float]]], seed: int = 0
) -> tuple[CheckTest, CheckTest]:
    """Return both tests, of the `areas` of each picture for its `orders`.

    The value is how much better the map's order is than the better one of the random order and the centre's, in
    probability; it passes if the lower ends of both intervals are above 0.01.
    """
    deleted, inserted = np.array(found).transpose(1, 2, 0)  # (3 orders, n) each
    return _test("deletion", deleted[1:] - deleted[0], deleted, seed), _test(
        "insertion", inserted[0] - inserted[1:], inserted, seed
    )


def _test(name: str, better: NDArray[np.float64], found: NDArray[np.float64], seed: int) -> CheckTest:
    intervals = [mean_interval(one, seed) for one in better]  # than random, than the centre
    value, low, high = min(intervals, key=lambda one: one[1])
    own, random, centre = (float(one) for one in found.mean(1))
    shown = {"own": f"{own:.2f}", "random": f"{random:.2f}", "centre": f"{centre:.2f}"}
    said = Message(
        "showing its places first gives {own} of probability, a random order {random}, from the centre {centre}",
        **shown,
    )
    if name == "deletion":
        said = Message(
            "blurring its places first leaves {own} of probability, a random order {random}, from the centre {centre}",
            **shown,
        )
    beside = {"map": own, "random": random, "centre": centre}
    return CheckTest(name, value, low, high, MARGIN, low > MARGIN, said, beside)


def orders(values: NDArray[np.floating[Any]], seed: Sequence[int]) -> list[Order]:
    """Return three orders of the cells of a map (H, W): by the map's mean, by chance, and from the centre outwards."""
    H, W = values.shape
    cells = _cells(H, W)
    sums = np.bincount(cells.reshape(-1), values.reshape(-1)) / np.bincount(cells.reshape(-1))
    rows, columns = np.indices((H, W))
    far = ((rows + 0.5) / H - 0.5) ** 2 + ((columns + 0.5) / W - 0.5) ** 2
    centre = np.bincount(cells.reshape(-1), far.reshape(-1)) / np.bincount(cells.reshape(-1))
    by_chance = np.random.default_rng(list(seed)).permutation(len(sums))
    return [np.argsort(-sums, kind="stable"), by_chance, np.argsort(centre, kind="stable")]


def areas(module: nn.Module, x: Tensor, target: int, ways: list[Order]) -> tuple[list[float], list[float]]:
    """Return the mean probability over the way from x (C, H, W) to it blurred, and back, for each order of cells."""
    blur = blurred(x[None])[0]
    cells = torch.from_numpy(_cells(*x.shape[1:]))
    pictures = [x, blur]  # both ends, which all orders share
    for order in ways:
        turn = torch.empty(len(order), dtype=torch.int64)
        turn[torch.from_numpy(order)] = torch.arange(len(order))
        when = turn[cells]  # (H, W): at which place of the order a pixel is
        for count in np.linspace(0, len(order), STEPS + 1).round().astype(int)[1:-1]:
            pictures += [torch.where(when < count, blur, x), torch.where(when < count, x, blur)]
    found = probabilities(module, torch.stack(pictures))[:, target]
    middle = found[2:].reshape(len(ways), STEPS - 1, 2).sum(1)
    area = (middle + found[:2].mean()) / STEPS  # trapezoids, (orders, 2); the ends count half
    return area[:, 0].tolist(), area[:, 1].tolist()


def blurred(x: Tensor) -> Tensor:
    """Return pictures (n, C, H, W) blurred by a Gaussian whose deviation is a sixteenth of the shorter side."""
    H, W = x.shape[2:]
    sigma = max(1.0, min(H, W) / 16)
    radius = min(int(3 * sigma), min(H, W) - 1)
    g = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    g /= g.sum()
    C = x.shape[1]
    padded = F.pad(x, (radius, radius, radius, radius), mode="reflect")
    down = F.conv2d(padded, g.view(1, 1, -1, 1).expand(C, 1, -1, 1), groups=C)
    return F.conv2d(down, g.view(1, 1, 1, -1).expand(C, 1, 1, -1), groups=C)


def _cells(H: int, W: int) -> Order:
    """Return for each pixel (H, W) the number of its cell."""
    high, wide = min(CELLS, H), min(CELLS, W)
    found: Order = (np.arange(H) * high // H)[:, None] * wide + (np.arange(W) * wide // W)[None]
    return found
