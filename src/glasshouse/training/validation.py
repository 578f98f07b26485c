"""Loss and accuracy on the validation pictures, by the same arithmetic as a model's predictions."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from glasshouse.data.stored.rows import Split
from glasshouse.events import Progress
from glasshouse.export.engines import picture_network
from glasshouse.export.inference import Inference
from glasshouse.messages import Message

__all__ = ["PURPOSE", "FeatureValidator", "PictureValidator", "Scores", "Validator"]

PURPOSE = Message("to look at the validation pictures")  # of the memory that it takes
BLOCKS = 16  # blocks of pictures between two reports of progress
LEAST = 1e-38  # a probability that float32 rounds to 0 costs 87 nats, not infinity


@dataclass(frozen=True)
class Scores:
    """Mean cross-entropy (nats) and accuracy, and the probabilities (N, K) they come from."""

    loss: float
    accuracy: float
    probabilities: NDArray[np.float32]


class Validator(Protocol):
    """Scores a module in eval mode on the validation pictures."""

    def scores(self, module: nn.Module) -> Generator[Progress, None, Scores]: ...


@dataclass(frozen=True)
class PictureValidator:
    """Validates a whole network on pictures, exactly as a model predicts them: by torch, or from its ONNX file by
    another engine.
    """

    split: Split
    mean: Sequence[float]
    std: Sequence[float]
    onnx: bytes | None = None
    engine: str = "torch"

    def scores(self, module: nn.Module) -> Generator[Progress, None, Scores]:
        shape = self.split.rows(np.zeros(1, np.int64)).shape[1:]
        if self.onnx is not None:
            network = picture_network(self.onnx, shape[0], shape[1], self.engine)
            found = (network.probabilities(rows) for rows in self._rows(network.block))
        else:
            inference = Inference(module, shape)
            found = (inference.probabilities(rows, self.mean, self.std) for rows in self._rows(inference.block))
        return (yield from _scores(found, self.split.labels))

    def _rows(self, block: int) -> Iterator[NDArray[np.uint8]]:
        size = BLOCKS * block
        for first in range(0, len(self.split), size):
            yield self.split.rows(np.arange(first, min(first + size, len(self.split))))


@dataclass(frozen=True)
class FeatureValidator:
    """Validates a head on features (N, F), in blocks of the size that the whole network has and with its engine: with
    the same bits.
    """

    features: torch.Tensor
    labels: NDArray[np.int64]
    block: int
    engine: str = "torch"

    def scores(self, module: nn.Module) -> Generator[Progress, None, Scores]:
        inference = Inference(module, self.features.shape[1:], self.block, self.engine)
        count = len(self.features)
        found = inference.softmax(inference.outputs(count, lambda first, end: self.features[first:end], task=count))
        return (yield from _scores(iter([found]), self.labels))


def _scores(found: Iterator[NDArray[np.float32]], labels: NDArray[np.int64]) -> Generator[Progress, None, Scores]:
    start, done, parts = time.monotonic(), 0, []
    for part in found:
        parts.append(part)
        done += len(part)
        seconds = time.monotonic() - start
        yield Progress("validating", done, len(labels), seconds, seconds / done * (len(labels) - done))
    all_of_them = np.concatenate(parts)
    likelihood = all_of_them[np.arange(len(labels)), labels].astype(np.float64)
    loss = (
        float(-np.log(np.maximum(likelihood, LEAST)).mean()) + 0.0 if not np.isnan(likelihood).any() else float("nan")
    )
    return Scores(loss, float((all_of_them.argmax(1) == labels).mean()), all_of_them)
