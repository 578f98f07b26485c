"""Samples that come with the installed packages, for a first try without pictures of your own."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.items import Given
from glasshouse.errors import SourceError

__all__ = ["SAMPLES", "digits", "sample"]

SAMPLES = ("sample:digits",)


def digits() -> tuple[NDArray[np.uint8], list[str]]:
    """Return the 1,797 handwritten digits of scikit-learn: uint8 (N, 8, 8) of 17 grey levels, and their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.images * (255 / 16)).round().astype(np.uint8), [str(label) for label in found.target]


@cache
def sample(source: str) -> Given:
    """Return the pictures that ``source`` names; there is ``sample:digits``.

    Raises:
        SourceError: there is no sample of that name.
    """
    if source not in SAMPLES:
        raise SourceError("There is no {source}; there is sample:digits.", source=source)
    images, targets = digits()
    return Given(images=images, targets=targets)
