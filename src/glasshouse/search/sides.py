"""The sizes of pictures that a search may try beside the dataset's own: none that would enlarge them."""

from pathlib import Path

import numpy as np

from glasshouse.data.dataset import Dataset
from glasshouse.recipe import DatasetRecipe

__all__ = ["other_sides"]

SIDES = (288, 224, 160)  # pixels; networks trained at 224 often see more in slightly larger pictures
MOST = 2**31  # bytes of pixels that a dataset at another size may take


def other_sides(dataset: Dataset, published: int) -> list[int]:
    """Return the sizes to try, ``published`` first (the one that the network's weights were trained at).

    Only sizes that at least half of the training pictures have in the source, only where the source is at hand, and
    only if the pictures then fit onto two gigabytes. A picture is never enlarged to be tried.
    """
    if dataset.width != dataset.height or not _at_hand(dataset.recipe):
        return []
    count = sum(len(split) for split in dataset.splits.values())
    largest = float(np.median(dataset.splits["train"].sizes.min(1)))
    found = [side for side in dict.fromkeys((published, *SIDES)) if side != dataset.width and side <= largest]
    return [side for side in found if count * side * side * dataset.channels <= MOST]


def _at_hand(recipe: DatasetRecipe) -> bool:
    """Whether the pictures can be read again: those that Python handed over cannot."""
    places = (recipe.source, recipe.valid_source, recipe.test_source)
    return recipe.labels.by != "given" and all(Path(place).exists() for place in places if place)
