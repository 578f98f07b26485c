"""The file that a picture of a dataset was made from: found again where it still lies, and only if it is the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.fingerprint import content_hash
from glasshouse.data.picture import decode, decode_as_stored
from glasshouse.data.values import Scaler
from glasshouse.errors import GlasshouseError, PictureError
from glasshouse.store.database import Store
from glasshouse.web.pictures import fitted
from glasshouse.web.preview import placed
from glasshouse.web.sources import reader

__all__ = ["Step", "original", "steps"]


@dataclass(frozen=True)
class Step:
    """One step on the way of a picture into its dataset: ``file``, ``upright``, ``resized`` or ``stored``."""

    name: str
    picture: NDArray[np.uint8]
    bytes: int


def original(dataset: Dataset, store: Store, path: str, sha256: str) -> bytes | NDArray[np.uint8]:
    """Return the file (or the array) that ``path`` of the dataset's source holds.

    Nothing but what was imported is ever returned: its SHA-256 must be the one that the dataset knows.

    Raises:
        PictureError: it is gone, cannot be read, or was changed; the text is the reason.
    """
    try:
        data = reader(placed(store, dataset.recipe))(path)
    except GlasshouseError as error:
        raise PictureError(str(error)) from None
    if content_hash(data) != sha256:
        raise PictureError("the file was changed since the dataset was made")
    return data


def steps(dataset: Dataset, split: str, row: int, data: bytes | NDArray[np.uint8]) -> Iterator[Step]:
    """Yield what becomes of ``data``, step by step, up to the row that the dataset has."""
    recipe, part = dataset.recipe, dataset.splits[split]
    whole = decode(data, recipe.color, recipe.pixel_limit, Scaler(dataset.ranges))
    yield Step("file", _as_stored(data, recipe.pixel_limit), len(data) if isinstance(data, bytes) else data.nbytes)
    yield Step("upright", whole, whole.nbytes)
    small = fitted(whole, recipe.width, recipe.height, recipe.resize)
    yield Step("resized", small, small.nbytes)
    yield Step("stored", part.rows(np.array([row]))[0], len(part.encoded(row)))


def _as_stored(data: bytes | NDArray[np.uint8], pixel_limit: int) -> NDArray[np.uint8]:
    """Return the pixels of a file as they lie in it, in its own colours and not turned."""
    if not isinstance(data, bytes):
        return decode(data, "gray" if data.ndim == 2 else "rgb", pixel_limit)
    return decode_as_stored(data, pixel_limit)
