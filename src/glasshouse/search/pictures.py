"""The dataset that a search works on: one that is there, or made of a source at the size that suits its pictures."""

import io
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.sources.source import open_source
from glasshouse.recipe import DatasetRecipe

__all__ = ["searched_dataset"]

LOOKED_AT = 32  # pictures of a source, spread over it
SMALL = 64  # pixels; smaller pictures keep their size


def searched_dataset(place: str | Path, **fields: Any) -> Dataset:
    """Return the dataset at ``place``; of a source (a folder, an archive, a table) one is made in the user's cache.

    Photographs are made 224x224, small pictures keep their size, and stay grey where all of those looked at are.

    Raises:
        SourceError, DatasetError: nothing can be made of it.
    """
    if (Path(place) / "dataset.json").is_file():
        return open_dataset(place)
    given = {name: value for name, value in fields.items() if value is not None}
    if "size" not in given:
        given |= {**_suits(str(place)), **given}
    return ImageData.from_folder(place, **given).dataset


def _suits(place: str) -> dict[str, Any]:
    """Return size and colour that suit the pictures of a source, judged by some of them."""
    seen = list(_seen(place))
    width, height = (int(median(side)) for side in zip(*((w, h) for w, h, _ in seen))) if seen else (224, 224)
    if max(width, height) > SMALL:
        return {"size": 224}
    return {"size": (width, height), "color": "gray" if all(gray for *_, gray in seen) else "rgb"}


def _seen(place: str) -> Iterator[tuple[int, int, bool]]:
    source = open_source(DatasetRecipe(source=place))
    items = source.items
    for item in items[:: max(1, len(items) // LOOKED_AT)]:
        try:
            content = source.read(item)
            if isinstance(content, np.ndarray):
                yield content.shape[1], content.shape[0], content.ndim == 2 or content.shape[-1] == 1
            else:
                with Image.open(io.BytesIO(content)) as picture:
                    yield *picture.size, picture.mode in ("1", "L", "I;16")
        except Exception:  # noqa: BLE001, S112  what cannot be read is reported when the dataset is made
            continue
