"""Reading a source's pictures in parallel: in order, with a bounded number of them in memory."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.checking.fingerprint import content_hash
from glasshouse.data.checking.spool import THUMB
from glasshouse.data.checking.times import dated
from glasshouse.data.decoding.picture import decode, resize
from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.data.decoding.resizing import OneThread
from glasshouse.data.decoding.values import Range, Scaler, Values
from glasshouse.data.items import Item, Source
from glasshouse.errors import PictureError
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["Failure", "Picture", "in_order", "read_picture", "worker_threads"]

T = TypeVar("T")
R = TypeVar("R")
_CHUNK_BYTES = 2 * 2**20


@dataclass(frozen=True)
class Picture:
    """A picture prepared: the row to store, its small picture, and what is reported about the original."""

    row: bytes | NDArray[np.uint8]
    thumb: NDArray[np.uint8]
    sha256: str
    width: int
    height: int
    time: float | None
    sums: NDArray[np.float64]  # per channel: sum, then sum of squares, of values 0..255
    values: Values | None = None  # of a picture of more than 8 bits, and the range that it was brought to 8 bits by
    used: Range | None = None
    dated: str = ""  # by what its time is known: exif, name or file


@dataclass(frozen=True)
class Failure:
    """A picture that cannot be used: why, and the hash of its content ('' if nothing could be read)."""

    reason: str
    sha256: str


def read_picture(source: Source, item: Item, recipe: DatasetRecipe, ready: Preprocessing) -> Picture | Failure:
    """Read one picture of a source and make it ready; whatever is wrong with it comes back as a Failure."""
    digest = ""
    try:
        data = source.read(item)
        digest = content_hash(data)
        return _picture(data, digest, item, recipe, ready)
    except PictureError as error:
        return Failure(str(error), digest)
    except Exception as error:  # noqa: BLE001  (the boundary: one file never stops a job)
        return Failure(Message("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error), digest)


def _picture(
    data: bytes | NDArray[np.generic], digest: str, item: Item, recipe: DatasetRecipe, ready: Preprocessing
) -> Picture:
    scaler = Scaler(ready.ranges, collects=ready.ranges is None)
    decoded = decode(data, recipe.color, recipe.pixel_limit, scaler)
    small = resize(decoded, recipe.width, recipe.height, recipe.resize)
    row = small if recipe.encoding == "raw" else ready.encode(small)
    height, width = decoded.shape[:2]
    time, by = dated(item.path, data, item.time) if recipe.split == "time" else (item.time, "")
    whole = small if recipe.resize == "squash" and min(small.shape[:2]) >= 2 * THUMB[0] else decoded
    return Picture(row, _thumb(whole), digest, width, height, time, _sums(small), scaler.seen, scaler.used, by)


def in_order(things: Iterable[T], work: Callable[[T], R], row_bytes: int, threads: int) -> Iterator[R]:
    """Yield ``work(thing)`` of each thing in order, computed by ``threads`` threads a few chunks ahead.

    At most about ``3 · threads`` chunks of 2 MB (or of one row) wait in memory, however many things there are.
    """
    size = int(min(max(_CHUNK_BYTES // max(row_bytes, 1), 1), 64))
    waiting: deque[Future[list[R]]] = deque()
    chunks = _chunks(things, size)
    with _pool(threads) as pool:
        for chunk in islice(chunks, 3 * threads):
            waiting.append(pool.submit(_each, work, chunk))
        while waiting:
            done = waiting.popleft().result()
            for chunk in islice(chunks, 1):
                waiting.append(pool.submit(_each, work, chunk))
            yield from done


def worker_threads() -> int:
    """Return how many threads read pictures: the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool whose threads use one core each in torch; what was not begun is dropped at the end."""
    one = OneThread()
    pool = ThreadPoolExecutor(threads, "glasshouse-read", initializer=one.begin)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        one.end()


def _chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(things)
    while chunk := list(islice(source, size)):
        yield chunk


def _each(work: Callable[[T], R], chunk: Sequence[T]) -> list[R]:
    return [work(thing) for thing in chunk]


def _thumb(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = resize(picture, THUMB[1], THUMB[0], "squash")
    return small if small.shape[2] == THUMB[2] else np.repeat(small, THUMB[2], axis=2)


def _sums(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the exact sums over pixels of values and of their squares, float64 (2, C)."""
    lines = picture.reshape(picture.shape[0], -1)
    squares = np.multiply(lines, lines, dtype=np.uint16)
    columns = [np.add.reduce(part, axis=0, dtype=np.uint32) for part in (lines, squares)]
    return np.stack([column.reshape(-1, picture.shape[2]).sum(0, dtype=np.float64) for column in columns])
