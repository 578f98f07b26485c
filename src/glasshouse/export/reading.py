"""Reading pictures ahead in threads, a batch at a time, while the network computes."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glasshouse.data.decoding.preprocess import Preprocessing
from glasshouse.errors import PictureError
from glasshouse.messages import Message

__all__ = ["Picture", "Read", "read_pictures"]

Picture: TypeAlias = str | Path | bytes | bytearray | memoryview | Image.Image | NDArray[np.generic]


@dataclass(frozen=True)
class Read:
    """A picture that was read: ``row`` is uint8 (H, W, C), or None if ``error`` says why not."""

    path: str | None
    row: NDArray[np.uint8] | None
    error: str | None = None


def read_pictures(pictures: Iterable[Picture], preprocessing: Preprocessing, batch_size: int) -> Iterator[list[Read]]:
    """Yield the pictures in order, in lists of ``batch_size``; two lists are read ahead."""
    size = max(1, batch_size)
    rest = iter(pictures)
    waiting: deque[list[Future[Read]]] = deque()
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="read")
    try:
        while True:
            while len(waiting) < 2 and (some := list(islice(rest, size))):
                waiting.append([pool.submit(_read, one, preprocessing) for one in some])
            if not waiting:
                return
            yield [future.result() for future in waiting.popleft()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _read(picture: object, preprocessing: Preprocessing) -> Read:
    path = str(picture) if isinstance(picture, str | Path) else None
    source = bytes(picture) if isinstance(picture, bytearray | memoryview) else picture
    if not isinstance(source, str | Path | bytes | Image.Image | np.ndarray):
        return Read(path, None, f"expected a path, bytes, a PIL image or an array, got {type(picture).__name__}")
    try:
        return Read(path, preprocessing(source))
    except PictureError as error:
        return Read(path, None, str(error))
    except Exception as error:  # noqa: BLE001  (the boundary: one file never stops the others)
        return Read(path, None, Message("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error))
