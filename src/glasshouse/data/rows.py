"""One split of a dataset: an Arrow file, memory-mapped, whose rows are read in any order."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from glasshouse.data.names import composed
from glasshouse.data.picture import decode_encoded
from glasshouse.errors import DatasetError

__all__ = ["Row", "Split"]

_READ = 1000  # rows whose words are read together
_THREADED = 16  # fewer encoded rows than this are decoded in the caller's thread


@dataclass(frozen=True)
class Row:
    """What is known of one picture beside its pixels; ``width`` and ``height`` are those in the source."""

    path: str
    label: int
    sha256: str
    width: int
    height: int


class Split:
    """The pictures of one split: ``train``, ``val`` or ``test``.

    ``shape`` is (H, W, C). Opening costs a few milliseconds whatever the size; raw rows are copied straight from the
    mapped file, PNG and JPEG rows are decoded in threads. It can be handed to another process: the file is
    opened again there.
    """

    def __init__(self, name: str, file: Path, shape: tuple[int, int, int], encoding: str) -> None:
        self.name = name
        self.file = file
        self.shape = shape
        self.encoding = encoding

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        height, width, channels = self.shape
        return f"<Split {self.name}: {len(self)} pictures, {width}x{height}, {channels} channels>"

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name, "file": self.file, "shape": self.shape, "encoding": self.encoding}

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class number of each row, int64 (N,)."""
        return np.concatenate([np.zeros(0, np.int64), *(_column(b, "label").to_numpy() for b in self._batches)])

    @cached_property
    def paths(self) -> Sequence[str]:
        """The path of each row's picture, relative to the source."""
        return self._texts("path")

    @cached_property
    def sha256(self) -> Sequence[str]:
        """The SHA-256 of each row's file, in hexadecimal."""
        return self._texts("sha256")

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Width and height of each picture in the source, int64 (N, 2)."""
        pairs = [np.stack([_column(b, name).to_numpy() for name in ("width", "height")], 1) for b in self._batches]
        return np.concatenate([np.zeros((0, 2), np.int64), *pairs])

    def row(self, index: int) -> Row:
        """Return what is known of one picture, without reading what is known of the others."""
        place = int(self._checked(np.array([index]))[0])
        return next(self.between(place, place + 1))

    def between(self, start: int, stop: int) -> Iterator[Row]:
        """Yield what is known of the pictures from ``start`` to before ``stop``."""
        for first, batch in zip(self._starts.tolist(), self._batches):
            part = batch.select(["path", "label", "sha256", "width", "height"])
            for low in range(max(start - first, 0), min(stop - first, batch.num_rows), _READ):
                yield from (Row(**one) for one in part.slice(low, min(_READ, stop - first - low)).to_pylist())

    def search(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the rows whose path holds all ``words``, in whatever case and spelling, int64 (n,)."""
        found = np.ones(len(self), bool)
        for word in words:
            masks = [pc.match_substring(_spelled(b, word), composed(word), ignore_case=True) for b in self._batches]
            found &= np.concatenate([np.zeros(0, bool), *(m.to_numpy(zero_copy_only=False) for m in masks)])
        return np.flatnonzero(found)

    def rows_of(self, paths: Sequence[str]) -> dict[str, int]:
        """Return the number of the row of each of ``paths`` that the split has."""
        wanted = pa.array(paths, pa.string())
        found: dict[str, int] = {}
        for start, batch in zip(self._starts.tolist(), self._batches):
            column = _column(batch, "path")
            places = np.flatnonzero(pc.is_in(column, wanted).to_numpy(zero_copy_only=False))
            found.update(zip(column.take(pa.array(places)).to_pylist(), (start + places).tolist()))
        return found

    def rows(self, indices: NDArray[np.int64] | Sequence[int]) -> NDArray[np.uint8]:
        """Return the pictures at ``indices``, uint8 (n, H, W, C), in that order; negative indices count from the end.

        Raises:
            DatasetError: an index is outside the split, or an encoded row is damaged.
        """
        wanted = self._checked(np.asarray(indices, dtype=np.int64).reshape(-1))
        if self.encoding != "raw":
            return self._decoded(wanted)
        if len(self._pictures) == 1:
            return np.take(self._pictures[0], wanted, axis=0)
        return self._gathered(wanted)

    def encoded(self, index: int) -> bytes:
        """Return the bytes of one row as they are stored (pixels for raw, a file's content for PNG and JPEG)."""
        batch, row = self._places(self._checked(np.array([index])))
        return bytes(_column(self._batches[int(batch[0])], "image")[int(row[0])].as_py())

    @cached_property
    def _batches(self) -> list[Any]:
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(self.file)))
            return [reader.get_batch(i) for i in range(reader.num_record_batches)]
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(
                f"The dataset's file {self.file} cannot be read ({error}). Make the dataset again."
            ) from None

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *(b.num_rows for b in self._batches)], dtype=np.int64)

    @cached_property
    def _pictures(self) -> list[NDArray[np.uint8]]:
        return [_pixels(_column(b, "image"), self.shape) for b in self._batches]

    def _texts(self, name: str) -> list[str]:
        return [text for batch in self._batches for text in _column(batch, name).to_pylist()]

    def _checked(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        size = len(self)
        if len(indices) and not (-size <= indices.min() and indices.max() < size):
            raise DatasetError(
                f"The {self.name} split has {size} pictures; there is no row "
                f"{int(indices.max() if indices.max() >= size else indices.min())}."
            )
        return np.where(indices < 0, indices + size, indices)

    def _places(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        batches = np.searchsorted(self._starts, indices, side="right") - 1
        return batches, indices - self._starts[batches]

    def _gathered(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        pictures = self._pictures
        out = np.empty((len(indices), *self.shape), np.uint8)
        batches, rows = self._places(indices)
        for k, (batch, row) in enumerate(zip(batches.tolist(), rows.tolist())):
            out[k] = pictures[batch][row]
        return out

    def _decoded(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        out = np.empty((len(indices), *self.shape), np.uint8)
        for k, picture in enumerate(self._decode_all(indices)):
            out[k] = picture
        return out

    def _decode_all(self, indices: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
        batches, rows = self._places(indices)
        cells = [_column(self._batches[b], "image")[r].as_buffer() for b, r in zip(batches.tolist(), rows.tolist())]
        if len(cells) < _THREADED:
            yield from map(self._decode, cells)
            return
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            yield from pool.map(self._decode, cells)

    def _decode(self, cell: Any) -> NDArray[np.uint8]:
        return decode_encoded(bytes(cell), self.encoding, self.shape)


def _spelled(batch: Any, word: str) -> Any:
    """Return the paths; composed where the word has letters that Unicode spells in two ways (older datasets)."""
    paths = _column(batch, "path")
    return paths if word.isascii() else pc.utf8_normalize(paths, form="NFC")


def _column(batch: Any, name: str) -> Any:
    return batch.column(batch.schema.get_field_index(name))


def _pixels(column: Any, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    size = shape[0] * shape[1] * shape[2]
    flat = np.frombuffer(column.buffers()[1], np.uint8, len(column) * size, column.offset * size)
    return flat.reshape(len(column), *shape)
