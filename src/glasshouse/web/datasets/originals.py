"""The file that a picture of a dataset was made from: found again where it still lies, and only if it is the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.checking.fingerprint import content_hash
from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.decoding.picture import decode, decode_as_stored
from glasshouse.data.decoding.values import Scaler
from glasshouse.errors import GlasshouseError, PictureError
from glasshouse.recipe import DatasetRecipe
from glasshouse.store.database import Store
from glasshouse.web.datasets.preview import placed
from glasshouse.web.datasets.sources import reader
from glasshouse.web.framework.children import Asked
from glasshouse.web.framework.pictures import data_address, file_of, fitted, shrunk
from glasshouse.web.framework.reading import readers

__all__ = ["Step", "answer_original", "answer_steps", "original_file", "original_steps", "steps"]

SECONDS = 20.0


def original_file(dataset: Dataset, store: Store, path: str, sha256: str, side: int) -> tuple[bytes, str]:
    """Return the file at ``path`` of a dataset's source as a picture for a page, and its media type.

    It is upright, and at most ``side`` pixels long.

    Raises:
        PictureError: it is gone, cannot be read, or was changed; the text is the reason.
    """
    asked = {**_read_original(dataset, store, path, sha256), "side": side}
    kind, data = readers().ask("original", asked, seconds=SECONDS, place=dataset.recipe.source)
    return data, str(kind)


def answer_original(asked: Asked, blob: bytes) -> tuple[object, bytes]:
    """Return what ``original_file`` asks for: in the process that may read it."""
    recipe, ranges = DatasetRecipe(**asked["recipe"]), open_dataset(asked["dataset"]).ranges
    whole = decode(_read(recipe, asked["path"], asked["sha256"]), "rgb", recipe.pixel_limit, Scaler(ranges))
    data, kind = file_of(shrunk(whole, int(asked["side"])))
    return kind, data


def original_steps(dataset: Dataset, store: Store, split: str, row: int, side: int) -> list[dict[str, object]]:
    """Return the steps of a picture into its dataset: ``name``, ``address`` (of a small picture), ``bytes``, ``width``
    and ``height``.

    Raises:
        PictureError: as ``original_file``.
    """
    one = dataset.splits[split].row(row)
    asked = _read_original(dataset, store, one.path, one.sha256)
    asked |= {"split": split, "row": row, "side": side}
    found, _ = readers().ask("steps", asked, seconds=SECONDS, place=dataset.recipe.source)
    return list(found)


def answer_steps(asked: Asked, blob: bytes) -> tuple[object, bytes]:
    """Return what ``original_steps`` asks for: in the process that may read it."""
    recipe = DatasetRecipe(**asked["recipe"])
    data = _read(recipe, asked["path"], asked["sha256"])
    found = steps(open_dataset(asked["dataset"]), asked["split"], int(asked["row"]), data)
    return [
        {"name": one.name, "address": data_address(shrunk(one.picture, int(asked["side"]))), "bytes": one.bytes,
         "width": one.picture.shape[1], "height": one.picture.shape[0]}
        for one in found
    ], b""  # fmt: skip


def _read_original(dataset: Dataset, store: Store, path: str, sha256: str) -> dict[str, object]:
    recipe = placed(store, dataset.recipe).model_dump(mode="json")
    return {"recipe": recipe, "path": path, "sha256": sha256, "dataset": str(dataset.path.absolute())}


@dataclass(frozen=True)
class Step:
    """One step on the way of a picture into its dataset: ``file``, ``upright``, ``resized`` or ``stored``."""

    name: str
    picture: NDArray[np.uint8]
    bytes: int


def _read(recipe: DatasetRecipe, path: str, sha256: str) -> bytes | NDArray[np.uint8]:
    """Return the file (or the array) that ``path`` of the source of ``recipe`` holds.

    Nothing but what was imported is ever returned: its SHA-256 must be the one that the dataset knows.

    Raises:
        PictureError: it is gone, cannot be read, or was changed; the text is the reason.
    """
    try:
        data = reader(recipe)(path)
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
