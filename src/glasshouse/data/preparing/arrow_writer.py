"""Writing one split as an Arrow IPC file, a bounded batch of rows at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["RowColumns", "SplitWriter", "batch_rows"]

_BATCH_BYTES = 32 * 2**20
_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class RowColumns:
    """What is kept of some rows beside their pixels; all lists are equally long. ``twins`` is a group or None."""

    labels: list[int]
    paths: list[str]
    sha256: list[str]
    widths: list[int]
    heights: list[int]
    twins: list[int | None]
    groups: list[int]


def batch_rows(row_bytes: int) -> int:
    """Return how many rows of ``row_bytes`` bytes make one record batch (about 32 MB)."""
    return int(min(max(_BATCH_BYTES // max(row_bytes, 1), 1), _BATCH_ROWS))


class SplitWriter:
    """Writes rows to ``file``; ``row_bytes`` is their size if all are equally long (raw), else None."""

    def __init__(self, file: Path, row_bytes: int | None) -> None:
        self._row_bytes = row_bytes
        self._schema = _schema(row_bytes)
        self._sink = pa.OSFile(str(file), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._writer.close()
        finally:
            self._sink.close()

    def write(self, pictures: NDArray[np.uint8] | list[bytes], columns: RowColumns) -> None:
        """Write one record batch: ``pictures`` is uint8 (n, row_bytes), or the content of n encoded files."""
        if self._row_bytes is None:
            image = pa.array(pictures, pa.binary())
        else:
            image = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(self._row_bytes), len(pictures), [None, pa.py_buffer(np.ascontiguousarray(pictures))]
            )
        self._writer.write_batch(pa.record_batch([image, *_arrays(columns)], schema=self._schema))


def _schema(row_bytes: int | None) -> Any:
    image = pa.binary() if row_bytes is None else pa.binary(row_bytes)
    texts = [("path", pa.string()), ("sha256", pa.string())]
    numbers = [(name, pa.int64()) for name in ("width", "height", "twins", "group")]
    return pa.schema([("image", image), ("label", pa.int64()), *texts, *numbers])


def _arrays(columns: RowColumns) -> Iterator[Any]:
    yield pa.array(columns.labels, pa.int64())
    yield pa.array(columns.paths, pa.string())
    yield pa.array(columns.sha256, pa.string())
    values: Iterable[list[Any]] = (columns.widths, columns.heights, columns.twins, columns.groups)
    yield from (pa.array(column, pa.int64()) for column in values)
