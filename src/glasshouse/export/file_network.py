"""A network in an ONNX file, computed in blocks of one size by an engine other than torch; loads no torch."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from glasshouse.export.blocks import softmax, threads

__all__ = ["FileNetwork"]

Found = TypeVar("Found")


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
        return self.run(self._filled(rows, block or self.block), result)[: len(rows)]

    @abstractmethod
    def run_both(self, whole: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features (block, F), what the last layer gets, and logits (block, K) of a whole block of rows."""

    @property
    @abstractmethod
    def has_features(self) -> bool:
        """Whether the file gives ``features``: its last layer is a linear one."""

    def features_and_logits(self, rows: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features (n, F) and logits (n, K) of any number of rows, as ``outputs`` computes them."""

        def run(at: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            part = rows[at : at + self.block]
            features, logits = self.run_both(self._filled(part, self.block))
            return features[: len(part)], logits[: len(part)]

        found = self._each(len(rows), run)
        return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])

    def outputs(self, rows: NDArray[Any], result: str = "logits") -> NDArray[np.float32]:
        """Return ``result`` of any number of rows, as many blocks side by side as there are threads."""
        found = self._each(len(rows), lambda at: self.compute(rows[at : at + self.block], result))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def probabilities(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a probability for each class, float32 (n, K), for pictures uint8 (n, H, W, C), as a model's file."""
        return softmax(self.outputs(pictures))

    def _each(self, count: int, run: Callable[[int], Found]) -> list[Found]:
        """Return what ``run`` gives for the beginning of each block of ``count`` rows, side by side."""
        starts = range(0, max(count, 1), self.block)
        if len(starts) == 1:
            return [run(0)]
        with ThreadPoolExecutor(min(threads(), len(starts)), "glasshouse-blocks") as pool:
            return list(pool.map(run, starts))

    @staticmethod
    def _filled(rows: NDArray[Any], size: int) -> NDArray[Any]:
        """Return a whole block, the rows beyond those given zero."""
        whole = rows
        if len(rows) < size:
            whole = np.zeros((size, *rows.shape[1:]), rows.dtype)
            whole[: len(rows)] = rows
        return np.ascontiguousarray(whole)
