"""One split of a dataset: an Arrow file, memory-mapped, whose rows are read in any order.

Where the dataset has checksums, every block of the file is verified when something of it is read for the first time.
"""

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

from glasshouse.data.decoding.picture import decode_encoded
from glasshouse.data.names import composed
from glasshouse.data.splitting.groups import join
from glasshouse.data.stored.arrow_blocks import damaged_file, opened, spans
from glasshouse.errors import DamagedDatasetError, DatasetError, PictureError
from glasshouse.integrity.blocks import Blocks, Guard
from glasshouse.messages import Message
from glasshouse.recipe.patterns import Pattern

__all__ = ["Row", "Split"]

_READ = 1000  # rows whose words are read together
_THREADED = 16  # fewer encoded rows than this are decoded in the caller's thread
_STATE = ("name", "file", "shape", "encoding", "classes", "blocks", "group")
_TYPES = {"label": pa.int64(), "path": pa.string(), "sha256": pa.string(), "width": pa.int64(), "height": pa.int64()}


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
    opened again there. ``classes`` is how many classes the labels may name, ``blocks`` the file's checksums, None for
    datasets made before there were any, ``group`` the recipe's pattern of series. Everything raises
    DamagedDatasetError where the file is damaged.
    """

    def __init__(
        self,
        name: str,
        file: Path,
        shape: tuple[int, int, int],
        encoding: str,
        classes: int | None = None,
        blocks: Blocks | None = None,
        group: str | None = None,
    ) -> None:
        self.name = name
        self.file = file
        self.shape = shape
        self.encoding = encoding
        self.classes = classes
        self.blocks = blocks
        self.group = group

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        height, width, channels = self.shape
        return f"<Split {self.name}: {len(self)} pictures, {width}x{height}, {channels} channels>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _STATE}

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class number of each row, int64 (N,)."""
        labels = np.concatenate([np.zeros(0, np.int64), *(column.to_numpy() for column in self._columns("label"))])
        if self.classes is not None and len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
            odd = int(labels.max() if labels.max() >= self.classes else labels.min())
            raise self._damaged(
                Message("it has the label {odd}, dataset.json has {classes} classes", odd=odd, classes=self.classes)
            )
        return labels

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
        sides = [np.concatenate([c.to_numpy() for c in self._columns(name)]) for name in ("width", "height")]
        return np.stack(sides, 1) if len(self) else np.zeros((0, 2), np.int64)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """A number for each row, int64 (N,): pictures that look the same or are of one series share it.

        Datasets made before it was kept know of twins and of the recipe's series, not of a table's groups.
        """
        names = self._batches[0].schema.names if self._batches else []
        if "group" in names:
            return np.concatenate([np.zeros(0, np.int64), *(column.to_numpy() for column in self._columns("group"))])
        twins = [value for column in self._columns("twins") for value in column.to_pylist()] if "twins" in names else []
        series: list[Any] = [None] * len(self)
        if self.group is not None:
            found = map(Pattern(self.group).search, self.paths)
            series = [m and (label, m.group(1)) for label, m in zip(self.labels.tolist(), found)]
        return np.array(join(len(self), *(bond for bond in (twins, series) if bond)), np.int64)

    @property
    def keeps_groups(self) -> bool:
        """Whether ``groups`` were written, so that equal numbers in other splits are the same groups."""
        return bool(self._batches) and "group" in self._batches[0].schema.names

    def origin(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of the pictures at ``indices`` in the split that they come from: themselves."""
        return indices

    def row(self, index: int) -> Row:
        """Return what is known of one picture, without reading what is known of the others."""
        place = int(self._checked(np.array([index]))[0])
        return next(self.between(place, place + 1))

    def between(self, start: int, stop: int) -> Iterator[Row]:
        """Yield what is known of the pictures from ``start`` to before ``stop``."""
        for first, batch in zip(self._starts.tolist(), self._batches):
            part = batch.select(["path", "label", "sha256", "width", "height"])
            if start < first + batch.num_rows and first < stop:
                self._verify_columns(part.columns)
            for low in range(max(start - first, 0), min(stop - first, batch.num_rows), _READ):
                yield from (Row(**one) for one in part.slice(low, min(_READ, stop - first - low)).to_pylist())

    def search(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the numbers of the rows whose path holds all ``words``, in whatever case and spelling, int64 (n,)."""
        found = np.ones(len(self), bool)
        for word in words:
            paths = (_spelled(column, word) for column in self._columns("path"))
            masks = [pc.match_substring(column, composed(word), ignore_case=True) for column in paths]
            found &= np.concatenate([np.zeros(0, bool), *(m.to_numpy(zero_copy_only=False) for m in masks)])
        return np.flatnonzero(found)

    def rows_of(self, paths: Sequence[str]) -> dict[str, int]:
        """Return the number of the row of each of ``paths`` that the split has."""
        wanted = pa.array(paths, pa.string())
        found: dict[str, int] = {}
        for start, column in zip(self._starts.tolist(), self._columns("path")):
            places = np.flatnonzero(pc.is_in(column, wanted).to_numpy(zero_copy_only=False))
            found.update(zip(column.take(pa.array(places)).to_pylist(), (start + places).tolist()))
        return found

    def rows(self, indices: NDArray[np.int64] | Sequence[int]) -> NDArray[np.uint8]:
        """Return the pictures at ``indices``, uint8 (n, H, W, C), in that order; negative indices count from the end.

        Raises:
            DatasetError: an index is outside the split, or an encoded row is damaged.
        """
        wanted = self._checked(np.asarray(indices, dtype=np.int64).reshape(-1))
        self._verify_pictures(wanted)
        if self.encoding != "raw":
            return self._decoded(wanted)
        if len(self._pictures) == 1:
            return np.take(self._pictures[0], wanted, axis=0)
        return self._gathered(wanted)

    def encoded(self, index: int) -> bytes:
        """Return the bytes of one row as they are stored (pixels for raw, a file's content for PNG and JPEG)."""
        place = self._checked(np.array([index]))
        self._verify_pictures(place)
        batch, row = self._places(place)
        return bytes(_column(self._batches[int(batch[0])], "image")[int(row[0])].as_py())

    def check_pictures(self, indices: NDArray[np.int64] | Sequence[int]) -> None:
        """Verify the stored pictures at ``indices`` without reading them further.

        Raises:
            DamagedDatasetError: one of them is not what was written.
        """
        self._verify_pictures(self._checked(np.asarray(indices, dtype=np.int64).reshape(-1)))

    def verify(self) -> None:
        """Read all of the file and check what can be checked.

        Raises:
            DamagedDatasetError: a block is not what was written, or what it holds makes no sense.
        """
        _ = self._batches
        if self._guard is not None:
            self._tell(self._guard.everything())
        try:
            for batch in self._batches:
                batch.validate(full=True)
        except pa.ArrowException as error:
            raise self._damaged(str(error)) from None
        _ = self.labels
        if self.encoding != "raw":
            for start in range(0, len(self), _READ):
                self.rows(np.arange(start, min(start + _READ, len(self))))

    @cached_property
    def _mapped(self) -> tuple[Any, NDArray[np.uint8]]:
        return opened(self.file, self.blocks)

    @cached_property
    def _guard(self) -> Guard | None:
        return None if self.blocks is None else Guard(self.blocks, self._mapped[1])

    @cached_property
    def _batches(self) -> list[Any]:
        source, _ = self._mapped
        if self._guard is not None:
            self._tell(self._guard.opening())
        try:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(str(error)) from None
        self._check_schema(reader.schema)
        return batches

    def _check_schema(self, schema: Any) -> None:
        size = self.shape[0] * self.shape[1] * self.shape[2]
        expected = {"image": pa.binary(size) if self.encoding == "raw" else pa.binary(), **_TYPES}
        for name, kind in expected.items():
            place = schema.get_field_index(name)
            found = None if place < 0 else schema.field(place).type
            if found != kind:
                raise self._damaged(
                    Message(
                        "its column {name} is {found}, the dataset's pictures of {shape}x{shape2} with {shape3} "
                        "channels ({encoding}) need {kind}",
                        name=name,
                        found=found,
                        shape=self.shape[1],
                        shape2=self.shape[0],
                        shape3=self.shape[2],
                        encoding=self.encoding,
                        kind=kind,
                    )
                )

    def _columns(self, name: str) -> Iterator[Any]:
        """Yield a column of each batch, verified."""
        for batch in self._batches:
            column = _column(batch, name)
            self._verify_columns([column])
            yield column

    def _verify_columns(self, columns: Sequence[Any]) -> None:
        if self._guard is not None:
            base = self._mapped[1].ctypes.data
            for start, end in (span for column in columns for span in spans(column, base)):
                self._tell(self._guard.range(start, end))

    def _verify_pictures(self, places: NDArray[np.int64]) -> None:
        if self._guard is None or self._guard.done or not len(places):
            return
        batches, rows = self._places(places)
        if self.encoding == "raw":
            size = self.shape[0] * self.shape[1] * self.shape[2]
            self._tell(self._guard.ranges(self._image_starts[batches] + rows * size, size))
            return
        for number in np.unique(batches).tolist():
            starts, lengths = self._cells(number, rows[batches == number])
            self._tell(self._guard.ranges(starts, lengths))

    def _cells(self, number: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in the file the encoded pictures ``rows`` of a batch lie: their starts and lengths, int64."""
        base, column = self._mapped[1].ctypes.data, _column(self._batches[number], "image")
        _, offsets, data = column.buffers()
        if self._guard is not None:
            start = offsets.address - base
            self._tell(self._guard.range(start, start + offsets.size))
        places = np.frombuffer(offsets, np.int32)[column.offset :].astype(np.int64)
        return data.address - base + places[rows], places[rows + 1] - places[rows]

    @cached_property
    def _image_starts(self) -> NDArray[np.int64]:
        base = self._mapped[1].ctypes.data
        return np.array([spans(_column(b, "image"), base)[0][0] for b in self._batches], np.int64)

    def _tell(self, fault: str | None) -> None:
        if fault is not None:
            raise self._damaged(fault)

    def _damaged(self, how: str) -> DamagedDatasetError:
        return damaged_file(self.file, how)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *(b.num_rows for b in self._batches)], dtype=np.int64)

    @cached_property
    def _pictures(self) -> list[NDArray[np.uint8]]:
        return [_pixels(_column(b, "image"), self.shape) for b in self._batches]

    def _texts(self, name: str) -> list[str]:
        return [text for column in self._columns(name) for text in column.to_pylist()]

    def _checked(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        size = len(self)
        if len(indices) and not (-size <= indices.min() and indices.max() < size):
            raise DatasetError(
                "The {name} split has {size} pictures; there is no row {indices}.",
                name=self.name,
                size=size,
                indices=int(indices.max() if indices.max() >= size else indices.min()),
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
        try:
            return decode_encoded(bytes(cell), self.encoding, self.shape)
        except PictureError as error:
            raise self._damaged(Message("a picture in it cannot be decoded ({error})", error=error)) from None


def _spelled(paths: Any, word: str) -> Any:
    """Return the paths; composed where the word has letters that Unicode spells in two ways (older datasets)."""
    return paths if word.isascii() else pc.utf8_normalize(paths, form="NFC")


def _column(batch: Any, name: str) -> Any:
    return batch.column(batch.schema.get_field_index(name))


def _pixels(column: Any, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    size = shape[0] * shape[1] * shape[2]
    flat = np.frombuffer(column.buffers()[1], np.uint8, len(column) * size, column.offset * size)
    return flat.reshape(len(column), *shape)
