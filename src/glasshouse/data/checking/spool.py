"""A place on disk for prepared pictures while it is not yet known on which side each of them goes."""

from array import array
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from glasshouse.messages import Message

__all__ = ["THUMB", "Spool"]

THUMB = (32, 32, 3)


class Spool:
    """Rows and small pictures, appended one by one and read in any order; memory holds 8 bytes a row."""

    def __init__(self, folder: Path) -> None:
        self._rows_file = folder / "rows.spool"
        self._thumbs_file = folder / "thumbs.spool"
        self._rows = self._rows_file.open("wb", buffering=2**16)  # larger rows go past it without a copy
        self._thumbs = self._thumbs_file.open("wb", buffering=2**20)
        self._ends = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._thumbs.close()
        self._rows_file.unlink(missing_ok=True)
        self._thumbs_file.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, row: bytes | NDArray[np.uint8], thumb: NDArray[np.uint8]) -> None:
        """Add one row (pixels, or an encoded picture) and its small picture, uint8 (32, 32, 3)."""
        size = self._rows.write(row if isinstance(row, bytes) else row.data)
        self._thumbs.write(thumb.data)
        self._ends.append(self._ends[-1] + size)

    def flush(self) -> None:
        """Make all that was appended readable."""
        self._rows.flush()
        self._thumbs.flush()

    def thumbs(self) -> NDArray[np.uint8]:
        """Return all small pictures, mapped, uint8 (N, 32, 32, 3)."""
        if not len(self):
            return np.zeros((0, *THUMB), np.uint8)
        return np.memmap(self._thumbs_file, np.uint8, "r", shape=(len(self), *THUMB))

    def batches(
        self, parts: Sequence[Sequence[int]], row_bytes: int | None
    ) -> Generator[NDArray[np.uint8] | list[bytes], None, None]:
        """Yield the rows of each part, the next part being read while one is used.

        With ``row_bytes``, the length of all rows, they come as uint8 (n, row_bytes), valid until the next part.
        """
        most = max(map(len, parts), default=0)
        buffers = [np.empty((most, row_bytes), np.uint8) for _ in parts[:2]] if row_bytes is not None else []

        def read(number: int) -> NDArray[np.uint8] | list[bytes]:
            if row_bytes is None:
                return self._encoded_rows(parts[number])
            return self._raw_rows(parts[number], buffers[number % 2][: len(parts[number])])

        with ThreadPoolExecutor(1, "glasshouse-spool") as reader:
            coming = [reader.submit(read, 0)] if parts else []
            for number in range(len(parts)):
                rows = coming.pop().result()
                if number + 1 < len(parts):
                    coming.append(reader.submit(read, number + 1))
                yield rows

    def _raw_rows(self, indices: Sequence[int], out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with self._rows_file.open("rb", buffering=0) as file:
            for place, index in enumerate(indices):
                file.seek(self._ends[index])
                if file.readinto(out[place].data) != out.shape[1]:
                    raise OSError(
                        Message(
                            "the temporary file {rows_file} is shorter than what was written to it",
                            rows_file=self._rows_file,
                        )
                    )
        return out

    def _encoded_rows(self, indices: Sequence[int]) -> list[bytes]:
        with self._rows_file.open("rb") as file:
            result = []
            for index in indices:
                file.seek(self._ends[index])
                result.append(file.read(self._ends[index + 1] - self._ends[index]))
        return result
