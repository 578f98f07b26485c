"""Mosaics: four pictures in one, and a map for the class of one of them; how much of it lies on that picture?

Source: Arias-Duart and others, Focus! Rating XAI Methods and Finding Biases, 2022.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.explanation.checks.interval import mean_interval
from glasshouse.explanation.checks.result import CheckTest
from glasshouse.messages import Message

__all__ = ["Mosaics", "made_mosaics", "mosaics", "shares"]

Rows = NDArray[np.uint8]


@dataclass(frozen=True)
class Mosaics:
    """``rows`` (n, H, W, C) of four pictures each, the class ``targets`` (n,) that is asked for, and in which quarters
    it is, ``right`` (n, 4) of upper left, upper right, lower left, lower right. ``classes`` are 4, or 2 if two and two
    pictures are of one class.
    """

    rows: Rows
    targets: NDArray[np.int64]
    right: NDArray[np.bool_]
    classes: int

    @property
    def chance(self) -> float:
        """The share of a map that knows nothing."""
        return 1 / self.classes


def made_mosaics(rows: Rows, labels: NDArray[np.int64], seed: int = 0) -> Mosaics | None:
    """Return a mosaic for each picture of ``rows`` (n, H, W, C), None if all are of one class.

    Its class is asked for; beside it are three pictures of three other classes or, where there are fewer than four
    classes, one more of its own and two of another one.
    """
    random = np.random.default_rng([seed, 4])
    known = np.unique(labels)
    if len(known) < 2:
        return None
    count = 4 if len(known) >= 4 else 2
    parts = [_four(labels, known, i, count, random) for i in range(len(rows))]
    return Mosaics(
        np.stack([_pasted(rows[four]) for four in parts]), labels.copy(),
        np.stack([labels[four] == labels[i] for i, four in enumerate(parts)]), count,
    )  # fmt: skip


def _four(
    labels: NDArray[np.int64], known: NDArray[np.int64], i: int, count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    others = random.permutation(known[known != labels[i]])
    own = np.flatnonzero(labels == labels[i])
    wanted = others[:3] if count == 4 else [others[0], others[0]]
    chosen = [i, *([] if count == 4 else [int(random.choice(own))])]
    chosen += [int(random.choice(np.flatnonzero(labels == k))) for k in wanted]
    return random.permutation(np.array(chosen))


def _pasted(four: Rows) -> Rows:
    _, H, W, C = four.shape
    out = np.empty((H, W, C), np.uint8)
    for row, (y, y_end) in zip(four.reshape(2, 2, H, W, C), ((0, H // 2), (H // 2, H))):
        for one, (x, x_end) in zip(row, ((0, W // 2), (W // 2, W))):
            image = Image.fromarray(one[..., 0] if C == 1 else one)
            small = image.resize((x_end - x, y_end - y), Image.Resampling.BILINEAR)
            out[y:y_end, x:x_end] = np.asarray(small).reshape(y_end - y, x_end - x, C)
    return out


def shares(maps: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return which part (0..1) of the evidence for the class in maps (n, H, W) is in the right quarters (n, 4).

    Evidence against it does not count; a map without any evidence for it has 0.
    """
    n, H, W = maps.shape
    mass = maps.clip(min=0).astype(np.float64)
    halves = ((0, H // 2), (H // 2, H)), ((0, W // 2), (W // 2, W))
    quarters = np.stack([mass[:, y:y_end, x:x_end].sum((1, 2)) for y, y_end in halves[0] for x, x_end in halves[1]], 1)
    whole = quarters.sum(1)
    found: NDArray[np.float64] = np.divide((quarters * right).sum(1), whole, out=np.zeros(n), where=whole > 0)
    return found


def mosaics(maps: NDArray[np.floating[Any]], made: Mosaics, seed: int = 0) -> CheckTest:
    """Return the test of the maps (n, H, W) of mosaics: it passes if the interval of the mean share is above chance."""
    value, low, high = mean_interval(shares(maps, made.right), seed)
    said = Message(
        "{value} % of the map's mass is in the right place of mosaics ({low} to {high}, chance {chance} %)",
        value=f"{100 * value:.0f}", low=f"{100 * low:.0f}", high=f"{100 * high:.0f}",
        chance=f"{100 * made.chance:.0f}",
    )  # fmt: skip
    return CheckTest("mosaics", value, low, high, made.chance, low > made.chance, said)
