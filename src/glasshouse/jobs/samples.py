"""Samples that come with the installed packages, for a first try without any pictures of one's own."""

from glasshouse.data.items import Given
from glasshouse.errors import SourceError

__all__ = ["sample"]


def sample(source: str) -> Given:
    """Return the pictures of ``sample:digits``: 1,797 handwritten digits of 8x8 pixels, from scikit-learn.

    Raises:
        SourceError: there is no sample of that name.
    """
    if source != "sample:digits":
        raise SourceError(f"There is no {source}; there is sample:digits.")
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    pictures = (digits.images * (255 / 16)).round().astype(np.uint8)
    return Given(images=pictures, targets=[str(label) for label in digits.target])
