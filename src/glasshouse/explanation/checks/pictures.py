"""The validation pictures that a method is checked on, and the classes that the network says of them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glasshouse.explanation.checks.kept_checks import FEWEST, why_unchecked
from glasshouse.explanation.opened import OpenedModel
from glasshouse.messages import Message

__all__ = ["FEWEST", "PICTURES", "CheckPictures", "check_pictures", "probabilities", "why_not"]

PICTURES = 50
BATCH = 8  # pictures at once; of more, the maps are too large for memory that is used again


@dataclass(frozen=True)
class CheckPictures:
    """``rows`` uint8 (n, H, W, C) with their ``labels`` (n,); ``x`` (n, C, H, W) is what the network sees of them, and
    ``said`` (n,) the class that it says of each.
    """

    rows: NDArray[np.uint8]
    labels: NDArray[np.int64]
    x: Tensor
    said: NDArray[np.int64]


def why_not(opened: OpenedModel) -> Message | None:
    """Return why a method cannot be checked on this model; None if it can."""
    split = None if opened.dataset is None else opened.dataset.splits.get("val")
    count = 0 if split is None else len(split)
    return None if count >= FEWEST else why_unchecked(opened.dataset is not None, count)


def check_pictures(opened: OpenedModel, seed: int = 0) -> CheckPictures:
    """Return 50 validation pictures by chance, or all if there are fewer; the same seed gives the same ones."""
    split = opened.split("val")
    count = len(split)
    chosen = np.arange(count)
    if count > PICTURES:
        chosen = np.sort(np.random.default_rng([seed, 1]).choice(count, PICTURES, replace=False))
    rows = split.rows(chosen)
    x = opened.inputs(rows)
    return CheckPictures(rows, split.labels[chosen], x, probabilities(opened.module, x).argmax(1))


def probabilities(module: nn.Module, x: Tensor) -> NDArray[np.float64]:
    """Return the probabilities (n, K) of normalised pictures x (n, C, H, W)."""
    with torch.no_grad():
        parts = [torch.softmax(module(part).double(), 1) for part in torch.split(x, BATCH)]
    found: NDArray[np.float64] = torch.cat(parts).numpy()
    return found
