"""From pixels to probabilities: one way, for training's evaluation, for frozen features, for predicting and scoring.

CPU kernels add in an order that depends on the shape of a batch and on the number of threads, and so does the last
digit of their results. What holds (measured: any row, beside any others, at any place of a batch) is that a batch of
one fixed shape and memory layout, computed by one thread, gives each row the same bits. So rows are always computed
in blocks of one size, the last one filled up with zeros, in channels-last layout with weights laid out alike, a thread
a block and as many blocks side by side as there are threads. On one kind of processor a picture therefore has the same
probabilities to the last bit alone, among many and in training, on any number of cores. Batch norms are folded into
the convolutions before them, which spares passes over memory.

With the engines onnxruntime and OpenVINO the same holds (a block is one run of one thread), about twice as fast on a
CPU; a network that cannot be written as an ONNX file is computed by torch all the same.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from glasshouse.errors import ModelError
from glasshouse.export import blocks
from glasshouse.export.engines import engine_problem, file_network
from glasshouse.export.file_network import FileNetwork
from glasshouse.networks.folding import folded

__all__ = [
    "Inference", "alone", "block_size", "evaluating", "lay_out", "normalized", "pick_device", "probabilities",
    "softmax",
]  # fmt: skip

Made = TypeVar("Made")


class Inference:
    """A network ready to compute rows block by block; it keeps its own copy of the weights only where it folds them.

    ``shape`` is that of one input: (H, W, C) of a picture as a dataset holds it, or (F,) for features, whose ``block``
    must then be given. Changes of the module's weights afterwards may or may not count: make a new one. ``engine`` is
    what computes, one of ``ENGINES``; afterwards it says which it is.

    Raises:
        ModelError: the engine is not installed, or this processor lacks what it needs.
    """

    def __init__(
        self, module: nn.Module, shape: Sequence[int], block: int | None = None, engine: str = "torch"
    ) -> None:
        self.device = next((tensor.device for tensor in module.state_dict().values()), torch.device("cpu"))
        self.block = block or block_size(shape[0], shape[1], self.device)
        self.module = module
        if len(shape) == 3:
            numbers = torch.linspace(-2, 2, shape[0] * shape[1] * shape[2], device=self.device)
            example = self._filled(numbers.reshape(1, shape[2], shape[0], shape[1]))
            with evaluating(module):
                self.module = alone(self.device, lambda: folded(module, example))
        self.weights = {name: lay_out(part) for name, part in self.module.named_parameters() if not _laid_out(part)}
        self.file = None if engine == "torch" else self._written(shape, engine)
        self.engine = "torch" if self.file is None else engine

    def outputs(self, count: int, inputs: Callable[[int, int], Tensor], task: int | None = None) -> Tensor:
        """Return network(x) for ``count`` rows on the CPU, (count, ...).

        ``inputs(first, end)`` gives the rows x from ``first`` to before ``end`` on the device; it is called on threads.
        ``task`` is how many rows are sent to a thread at once, at least a block.
        """
        task = max(1, (task or self.block) // self.block) * self.block
        starts = range(0, max(count, 1), task)
        run = partial(self._task, inputs, count, task)
        with evaluating(self.module), _map(self.device, len(starts)) as each:
            return torch.cat(list(each(run, starts)))

    def probabilities(
        self, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]
    ) -> NDArray[np.float32]:
        """Return softmax(network((rows/255 - mean) / std)) for uint8 rows (n, H, W, C), float32 (n, K)."""
        return self.softmax(self.pictures(rows, mean, std))

    def pictures(self, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> Tensor:
        """Return network((rows/255 - mean) / std) for uint8 rows (n, H, W, C), on the CPU."""
        return self.outputs(len(rows), lambda first, end: self._pixels(rows[first:end], mean, std))

    def softmax(self, logits: Tensor) -> NDArray[np.float32]:
        """Return a probability for each class, float32 (n, K), with the bits that a model of this engine gives."""
        return softmax(logits) if self.file is None else blocks.softmax(logits.numpy())

    def _written(self, shape: Sequence[int], engine: str) -> FileNetwork | None:
        """Return the network for an engine that reads a file, None if that cannot be shown to be right."""
        from glasshouse.export.onnx_writing import written  # imports onnx

        if (problem := engine_problem(engine)) is not None:
            raise ModelError(problem)
        H, W, C = shape if len(shape) == 3 else (0, 0, 0)
        with evaluating(self.module):
            data = alone(self.device, lambda: written(self.module, (C, H, W) if C else shape, engine))
        return None if data is None else file_network(data, self.block, engine)

    def _task(self, inputs: Callable[[int, int], Tensor], count: int, task: int, start: int) -> Tensor:
        parts = []
        with torch.inference_mode():
            for first in range(start, min(start + task, max(count, 1)), self.block):
                x = inputs(first, min(first + self.block, count))
                if self.file is not None:
                    parts.append(torch.from_numpy(self.file.compute(x.cpu().numpy(), "outputs", self.block)))
                    continue
                found = functional_call(self.module, self.weights, (self._filled(x),))
                parts.append(found[: len(x)].float().cpu().clone() if len(x) else found[:0].float().cpu())
        return torch.cat(parts)

    def _filled(self, x: Tensor) -> Tensor:
        """Return x as a whole block, the rows beyond it zero, pictures channels last by exact strides."""
        shape = (self.block, *x.shape[1:])
        strides = _channels_last(shape) if len(shape) == 4 else (shape[1], 1)
        out = torch.empty_strided(shape, strides, device=self.device)
        out[: len(x)] = x
        out[len(x) :] = 0
        return out

    def _pixels(self, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> Tensor:
        pictures = torch.from_numpy(np.ascontiguousarray(rows)).to(self.device).permute(0, 3, 1, 2)
        return normalized(pictures.float() / 255, mean, std)


def probabilities(
    module: nn.Module, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]
) -> NDArray[np.float32]:
    """Return softmax(module((rows/255 - mean) / std)) as float32 (n, K), on the module's device, in eval mode.

    Args:
        rows: pictures as a dataset holds them, uint8 (n, H, W, C); mean and std are on values 0..1, one per channel.
    """
    return Inference(module, rows.shape[1:]).probabilities(rows, mean, std)


def normalized(pictures: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Return (pictures - mean) / std for each channel of pictures (N, C, H, W) in 0..1."""
    return (pictures - _column(mean, pictures)) / _column(std, pictures)


def softmax(logits: Tensor) -> NDArray[np.float32]:
    """Return a probability for each class, float32 (n, K), computed in float64."""
    found: NDArray[np.float32] = torch.softmax(logits.double(), dim=1).float().numpy()
    return found


def block_size(height: int, width: int, device: torch.device) -> int:
    """Return how many rows are computed at once: 2 of 224x224 on a CPU, up to 32 small ones; more elsewhere."""
    return blocks.pictures_a_block(height, width, "cpu" if device.type == "cpu" else "other")


def lay_out(tensor: Tensor) -> Tensor:
    """Return the tensor, filters (4-D) in channels-last layout, by exact strides: with one channel torch's own
    ``contiguous`` takes several layouts for the same, and then picks kernels that round differently.
    """
    if _laid_out(tensor):
        return tensor.detach()
    strides = _channels_last(tensor.shape)
    out = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=tensor.device)
    return out.copy_(tensor.detach())


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA if there is one, then Apple's MPS, else the CPU.

    Raises:
        ModelError: there is no such device here.
    """
    if name == "auto":
        mps = torch.backends.mps.is_available()
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if mps else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            "The device {name} cannot be used here ({reason}); choose auto or cpu.", name=name, reason=reason
        ) from None
    return device


def _laid_out(tensor: Tensor) -> bool:
    return tensor.ndim != 4 or tensor.stride() == _channels_last(tensor.shape)


def _channels_last(shape: Sequence[int]) -> tuple[int, int, int, int]:
    _, channels, height, width = shape
    return channels * height * width, 1, width * channels, channels


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(list(values), dtype=like.dtype, device=like.device).reshape(1, -1, 1, 1)


@contextmanager
def _map(device: torch.device, tasks: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Within it is a ``map`` that runs on as many threads as torch has on a CPU, each computing alone."""
    if device.type != "cpu":
        yield map
        return
    count = torch.get_num_threads()
    one = partial(torch.set_num_threads, 1)
    with ThreadPoolExecutor(min(count, tasks), "glasshouse-blocks", initializer=one) as pool:
        try:
            yield pool.map
        finally:
            torch.set_num_threads(count)  # for threads that begin later


def alone(device: torch.device, function: Callable[[], Made]) -> Made:
    """Return what ``function`` does, computed by one thread: of few pictures that is faster than any number of them
    where other work keeps the processors busy, as each step would wait for all threads.
    """
    with _map(device, 1) as each:
        found: list[Made] = list(each(lambda _: function(), [None]))
    return found[0]


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Within it the module and all of its parts are in eval mode; afterwards each has the mode it had."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
