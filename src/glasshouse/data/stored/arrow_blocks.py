"""Where an Arrow file is cut into blocks with a checksum each, so that little is read to verify what is needed.

What must be read to open the file (its head, its end, the description of each batch) is verified then; each column of
a batch begins a new block, so that the labels do not need the pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from glasshouse.integrity.blocks import Blocks

__all__ = ["blocks_of", "mapped", "spans"]


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
