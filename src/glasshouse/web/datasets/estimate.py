"""How long the making of a dataset takes and how much disk it needs, told from the pictures that a preview opened."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from glasshouse.data.decoding.encoding import encode
from glasshouse.recipe import DatasetRecipe
from glasshouse.web.datasets.samples import Sampled
from glasshouse.web.framework.pictures import fitted

__all__ = ["Cost", "cost"]

LOOKED = 24  # pictures that are brought to size for the estimate
BESIDE = 200  # bytes kept of each picture beside its pixels
WHILE_MAKING = 3 * 32 * 32  # bytes of each picture that lie on disk while the dataset is made
START = 4.0  # seconds until a job reads its first picture
AFTER = 0.0006  # seconds a picture for finding twins, dealing out and writing


@dataclass(frozen=True)
class Cost:
    """What a dataset costs: seconds, bytes on disk when it is made, and bytes needed while it is made."""

    seconds: float
    size: int
    needed: int


def cost(recipe: DatasetRecipe, count: int, samples: Sequence[Sampled]) -> Cost | None:
    """Return about what ``count`` pictures like ``samples`` cost; None if none could be opened."""
    chosen = [samples[k] for k in np.unique(np.linspace(0, len(samples) - 1, LOOKED).astype(int))] if samples else []
    if not chosen:
        return None
    begin = perf_counter()
    sizes = [
        len(encode(fitted(one.picture, recipe.width, recipe.height, recipe.resize), recipe.encoding, recipe.quality))
        for one in chosen
    ]
    making = (perf_counter() - begin) / len(chosen)
    opening = float(np.median([one.seconds for one in samples]))
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    size = round(count * (float(np.mean(sizes)) + BESIDE))
    return Cost(START + count * ((making + opening) / threads + AFTER), size, 2 * size + count * WHILE_MAKING)
