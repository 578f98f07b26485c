"""A network in an ONNX file, computed in blocks of one size by an engine other than torch; loads no torch."""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.export.blocks import softmax, threads

__all__ = ["FileNetwork"]


class FileNetwork(ABC):
    """A network ready to compute ``block`` rows at a time on one thread; several threads may compute at once.

    Rows are filled up to a block, so that each has the same bits in any company.
    """

    def __init__(self, block: int) -> None:
        self.block = block

    @abstractmethod
    def run(self, whole: NDArray[Any], result: str) -> NDArray[np.float32]:
        """Return ``result`` of a whole block of rows, float32 (block, ...), computed on one thread."""

    def compute(self, rows: NDArray[Any], result: str, block: int | None = None) -> NDArray[np.float32]:
        """Return ``result`` of at most a block of rows, float32 (n, ...); ``block`` instead of the usual one."""
        whole, size = rows, block or self.block
        if len(rows) < size:
            whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
            whole[: len(rows)] = rows
        return self.run(np.ascontiguousarray(whole), result)[: len(rows)]

    def outputs(self, rows: NDArray[Any], result: str = "logits") -> NDArray[np.float32]:
        """Return ``result`` of any number of rows, as many blocks side by side as there are threads."""
        starts = range(0, max(len(rows), 1), self.block)

        def run(at: int) -> NDArray[np.float32]:
            return self.compute(rows[at : at + self.block], result)

        if len(starts) == 1:
            return run(0)
        with ThreadPoolExecutor(min(threads(), len(starts)), "glasshouse-blocks") as pool:
            return np.concatenate(list(pool.map(run, starts)))

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a probability for each class, float32 (n, K), for pictures uint8 (n, H, W, C), as a model's file."""
        return softmax(self.outputs(pictures))
