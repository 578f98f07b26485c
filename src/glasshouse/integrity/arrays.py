"""NumPy arrays in one ``.npz`` file, with a checksum over all of them that is verified when they are read."""

import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.integrity.documents import CHECKSUM
from glasshouse.messages import Message

__all__ = ["arrays_fault", "read_arrays", "write_arrays"]

Arrays = Mapping[str, NDArray[np.generic]]


def write_arrays(file: Path, arrays: Arrays) -> None:
    """Write arrays by name; the file appears under its name only when it is whole."""
    beside = file.with_name(f".{file.name}.part.npz")
    held: dict[str, Any] = {**arrays, CHECKSUM: np.array(_checksum(arrays))}
    np.savez(beside, **held)
    beside.replace(file)


def read_arrays(file: Path) -> dict[str, NDArray[np.generic]]:
    """Return what ``write_arrays`` wrote; files of before there were checksums are read as they are.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged; the text says how.
    """
    found, _ = _verified(file)
    return found


def arrays_fault(file: Path) -> tuple[str | None, bool]:
    """Return how the arrays in ``file`` differ from what was written, None if not; and whether they have a checksum."""
    try:
        _, known = _verified(file)
    except (OSError, ValueError) as error:
        return str(error), False
    return None, known


def _verified(file: Path) -> tuple[dict[str, NDArray[np.generic]], bool]:
    data = file.read_bytes()  # np.load leaves a damaged file open
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
    except Exception as error:  # noqa: BLE001  damaged bytes make zip and NumPy raise in any way
        raise ValueError(Message("it cannot be read: {error}", error=error)) from None
    told = arrays.pop(CHECKSUM, None)
    found = _checksum(arrays)
    if told is not None and str(told) != found:
        raise ValueError(
            Message("its checksum is {found}, it was written with {told}", found=found, told=str(told)[:40])
        )
    return arrays, told is not None


def _checksum(arrays: Arrays) -> str:
    found = 0
    for name, array in sorted(arrays.items()):
        found = zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode(), found)
        found = zlib.crc32(np.ascontiguousarray(array).tobytes(), found)
    return f"crc32:{found:08x}"
