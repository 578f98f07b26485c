"""Pictures of a source opened for a preview, and kept for the next look as long as their files stay the same."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from glasshouse.data.decoding.picture import decode
from glasshouse.data.items import Item, Source
from glasshouse.recipe import DatasetRecipe
from glasshouse.web.framework.pictures import Pixels

__all__ = ["Sampled", "sampled"]

MOST_BYTES = 64 * 2**20  # of opened pictures that are kept
LONGEST = 1536  # pixels of a side; what is longer is kept smaller, which nobody sees in a small preview


@dataclass(frozen=True)
class Sampled:
    """An opened picture (H, W, C), its size in the source, and the seconds that it took to read and open."""

    picture: Pixels
    width: int
    height: int
    seconds: float


class _Shelf:
    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Sampled] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: tuple[object, ...]) -> Sampled | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[object, ...], one: Sampled) -> None:
        with self._lock:
            if key not in self._kept:
                self._bytes += one.picture.nbytes
            self._kept[key] = one
            while self._bytes > MOST_BYTES:
                _, old = self._kept.popitem(last=False)
                self._bytes -= old.picture.nbytes


_shelf = _Shelf()


def sampled(source: Source, item: Item, recipe: DatasetRecipe, marks: str) -> Sampled:
    """Return a picture of ``source``, opened; ``marks`` change with the source.

    Raises:
        PictureError: it cannot be used; the text is the reason.
    """
    file = _state(Path(recipe.source) / item.path)
    key = (recipe.source, hash(marks), item.path, file, recipe.color, recipe.pixel_limit)
    found = _shelf.find(key)
    if found is not None:
        return found
    begin = perf_counter()
    whole = decode(source.read(item), recipe.color, recipe.pixel_limit)
    one = Sampled(_bounded(whole), whole.shape[1], whole.shape[0], perf_counter() - begin)
    _shelf.put(key, one)
    return one


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _bounded(picture: Pixels) -> Pixels:
    factor = -(-max(picture.shape[:2]) // LONGEST)
    if factor <= 1:
        return picture
    plain = picture[..., 0] if picture.shape[2] == 1 else picture
    small = np.asarray(Image.fromarray(plain).reduce(factor))
    return small.reshape(*small.shape[:2], -1)
