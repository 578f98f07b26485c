"""Checksums of a file by blocks, so that a part of it can be verified when it is first read.

CRC-32 (zlib): it finds every burst of up to 32 changed bits, and all but one in four thousand million of other damage,
at 1 to 2 GB/s on one core; SHA-256 is slower, and against intent neither helps where who changes a file can change
its checksums too.
"""

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glasshouse.messages import Message

__all__ = ["BLOCK", "Blocks", "Guard", "file_entry", "file_fault"]

BLOCK = 2**20  # bytes of a block at most
THREADED = 8  # fewer blocks than this are verified in the caller's thread
_FIRST = 1 << 31  # set in a block's length: it is verified as soon as the file is opened


def file_entry(data: bytes) -> dict[str, Any]:
    """Return what is noted of a small file of this content: its length and checksum."""
    return {"bytes": len(data), "crc32": f"{zlib.crc32(data):08x}"}


def file_fault(data: bytes, entry: Any) -> str | None:
    """Return how a small file's content differs from its ``file_entry``; None if it is whole, or nothing was noted."""
    if not isinstance(entry, dict):
        return None
    if len(data) != entry.get("bytes"):
        return Message("it has {data} bytes, it was written with {get}", data=f"{len(data):,}", get=entry.get("bytes"))
    found = f"{zlib.crc32(data):08x}"
    told = entry.get("crc32")
    return (
        None
        if found == told
        else Message("its checksum is {found}, it was written with {told}", found=found, told=str(told)[:40])
    )


@dataclass(frozen=True)
class Blocks:
    """The blocks of a file of ``size`` bytes: where each ends, int64 (n,), its CRC-32, uint32 (n,), and whether it is
    verified on opening, bool (n,)."""

    size: int
    ends: NDArray[np.int64]
    sums: NDArray[np.uint32]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, content: NDArray[np.uint8], cuts: list[tuple[int, bool]]) -> Self:
        """Measure a file's bytes (n,): each cut is where a part ends, and whether it is verified on opening."""
        ends: list[int] = []
        first: list[bool] = []
        start = 0
        for end, at_once in cuts:
            pieces = [*range(start + BLOCK, end, BLOCK), end] if end > start else []
            ends += pieces
            first += [at_once] * len(pieces)
            start = end
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # zlib computes outside of Python's lock
            sums = list(pool.map(lambda low, high: zlib.crc32(content[low:high].data), [0, *ends], ends))
        return cls(len(content), np.array(ends, np.int64), np.array(sums, np.uint32), np.array(first, bool))

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: of each block eight digits for its length (the highest bit: first) and eight CRC-32."""
        lengths = np.diff(self.ends, prepend=0).astype(np.uint32) | np.where(self.first, _FIRST, 0).astype(np.uint32)
        pairs = np.stack([lengths, self.sums], 1).astype(">u4")
        return {"bytes": self.size, "blocks": pairs.tobytes().hex()}

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Build it from what ``to_dict`` gave.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(data, dict) or not isinstance(data.get("blocks"), str):
            raise ValueError("the list of checksums is not whole")
        pairs = np.frombuffer(bytes.fromhex(data["blocks"]), ">u4").reshape(-1, 2).astype(np.int64)
        lengths = pairs[:, 0] & (_FIRST - 1)
        if not isinstance(data.get("bytes"), int) or lengths.sum() != data["bytes"]:
            raise ValueError("the list of checksums is not whole")
        return cls(data["bytes"], np.cumsum(lengths), pairs[:, 1].astype(np.uint32), pairs[:, 0] >= _FIRST)


class Guard:
    """Verifies each block of ``content``, the mapped bytes of a file, the first time that something of it is read.

    Threads may share it: two of them may verify a block twice, which does no harm. A process that was forked, or got
    the dataset by pickle, verifies again what it reads.
    """

    def __init__(self, blocks: Blocks, content: NDArray[np.uint8]) -> None:
        self._blocks, self._content = blocks, content
        self._left = np.ones(len(blocks.ends), bool)
        self.done = False  # whether every block was verified

    def opening(self) -> str | None:
        """Verify what is needed to open the file at all; return what is wrong, or None."""
        return self._verify(np.flatnonzero(self._blocks.first))

    def everything(self) -> str | None:
        """Verify every block anew; return what is wrong, or None."""
        self._left[:] = True
        return self._verify(np.arange(len(self._left)))

    def range(self, start: int, stop: int) -> str | None:
        """Verify the bytes from ``start`` to before ``stop``; return what is wrong, or None."""
        if self.done or stop <= start:
            return None
        if start < 0 or stop > self._blocks.size:
            return Message(
                "it names bytes {start} to {stop}, it has {size}",
                start=f"{start:,}",
                stop=f"{stop:,}",
                size=f"{self._blocks.size:,}",
            )
        low, high = np.searchsorted(self._blocks.ends, [start, stop - 1], side="right")
        return self._verify(np.arange(low, high + 1))

    def ranges(self, starts: NDArray[np.int64], lengths: NDArray[np.int64] | int) -> str | None:
        """Verify ``lengths`` bytes from each of ``starts`` (n,); return what is wrong, or None."""
        if self.done or not len(starts):
            return None
        if starts.min() < 0 or np.min(lengths) < 0 or (starts + lengths).max() > self._blocks.size:
            return Message("it names bytes outside of its {size}", size=f"{self._blocks.size:,}")
        low = np.searchsorted(self._blocks.ends, starts, side="right")
        high = np.searchsorted(self._blocks.ends, np.maximum(starts, starts + lengths - 1), side="right")
        touched = np.zeros(len(self._left) + 1, np.int64)
        np.add.at(touched, low, 1)
        np.add.at(touched, high + 1, -1)
        return self._verify(np.flatnonzero(np.cumsum(touched)[:-1]))

    def _verify(self, numbers: NDArray[np.int64]) -> str | None:
        wanted = numbers[self._left[numbers]].tolist()
        if len(wanted) < THREADED:
            faults = iter([self._fault(number) for number in wanted])
        else:  # zlib lets other threads run meanwhile
            with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "glasshouse-checksums") as pool:
                faults = iter(list(pool.map(self._fault, wanted)))
        for number, fault in zip(wanted, faults):
            if fault is not None:
                return fault
            self._left[number] = False
        if wanted:
            self.done = not self._left.any()
        return None

    def _fault(self, number: int) -> str | None:
        """Return how a block differs from what was written, None if it does not."""
        end = int(self._blocks.ends[number])
        start = int(self._blocks.ends[number - 1]) if number else 0
        found, told = zlib.crc32(self._content[start:end].data), int(self._blocks.sums[number])
        if found == told:
            return None
        return Message(
            "bytes {start} to {end}: the checksum is {found}, it was written with {told}",
            start=f"{start:,}",
            end=f"{end:,}",
            found=f"{found:08x}",
            told=f"{told:08x}",
        )
