"""Where an Arrow file is cut into blocks with a checksum each, so that little is read to verify what is needed.

What must be read to open the file (its head, its end, the description of each batch) is verified then; each column of
a batch begins a new block, so that the labels do not need the pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from glasshouse.errors import DamagedDatasetError
from glasshouse.integrity.blocks import Blocks, Guard
from glasshouse.messages import Message

__all__ = ["blocks_of", "damaged_file", "mapped", "opened", "spans", "verify_blocks"]

_ADVICE = Message(
    "Put back a copy of it, or make the dataset again: glasshouse dataset create with the same source, options and "
    "--out replaces it."
)


def blocks_of(file: Path) -> Blocks:
    """Return the checksums of the Arrow file that was just written."""
    source, content = mapped(file)
    reader = pa.ipc.open_file(source)
    base, cuts = content.ctypes.data, list[tuple[int, bool]]()
    for number in range(reader.num_record_batches):
        batch = reader.get_batch(number)
        spans_of = [span for column in batch.columns for span in spans(column, base)]
        starts = sorted({start for start, _ in spans_of})
        cuts.append((starts[0], True))
        cuts += [(start, False) for start in starts[1:]]
        cuts.append((max(end for _, end in spans_of), False))
    cuts.append((len(content), True))
    return Blocks.of(content, cuts)


def mapped(file: Path) -> tuple[Any, NDArray[np.uint8]]:
    """Map a file into memory; return it for Arrow, and its bytes (n,).

    Raises:
        OSError: it is missing or cannot be read.
    """
    source = pa.memory_map(str(file))
    return source, np.frombuffer(source.read_buffer(), np.uint8) if source.size() else np.zeros(0, np.uint8)


def spans(column: Any, base: int) -> list[tuple[int, int]]:
    """Return where the parts of a column lie in the file whose bytes begin at the address ``base``."""
    buffers = [buffer for buffer in column.buffers() if buffer is not None and buffer.size]
    return [(buffer.address - base, buffer.address - base + buffer.size) for buffer in buffers]


def verify_blocks(file: Path, blocks: Blocks | None) -> None:
    """Verify all bytes of an Arrow file by its checksums alone.

    Raises:
        DamagedDatasetError: they are not what was written.
    """
    _, content = opened(file, blocks)
    fault = None if blocks is None else Guard(blocks, content).everything()
    if fault is not None:
        raise damaged_file(file, fault)


def opened(file: Path, blocks: Blocks | None) -> tuple[Any, NDArray[np.uint8]]:
    """Map the Arrow file of a split, which is as long as it was written; what it holds is not verified.

    Raises:
        DamagedDatasetError: it cannot be read, or has another length.
    """
    try:
        source, content = mapped(file)
    except (OSError, pa.ArrowException) as error:
        raise damaged_file(file, str(error)) from None
    if blocks is not None and len(content) != blocks.size:
        raise damaged_file(
            file,
            Message("it has {data} bytes, it was written with {get}", data=f"{len(content):,}", get=f"{blocks.size:,}"),
        )
    return source, content


def damaged_file(file: Path, how: str) -> DamagedDatasetError:
    """Return the error that says how the file is damaged, and what to do."""
    return DamagedDatasetError(
        "The dataset's file {file} is damaged: {how}. {ADVICE}", file=file, how=how, ADVICE=_ADVICE
    )
