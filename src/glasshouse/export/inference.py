"""From pixels to probabilities: one function, for training's evaluation, for predicting and for scoring.

CPU kernels add in an order that depends on the shape of a batch, and so does the last digit of their results. What
holds (measured: any row, beside any others, at any place of a batch) is that a batch of one fixed shape and memory
layout gives each row the same bits. So rows are always computed in blocks of one size, the last one filled up with
zeros, in channels-last layout with weights laid out alike. On one device with one number of threads a picture
therefore has the same probabilities to the last bit alone, among many and in training.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from glasshouse.errors import ModelError

__all__ = ["block_size", "lay_out", "pick_device", "probabilities"]

# a CPU is nearly as fast by twos as by dozens (measured: 92-100 % for four networks at 224x224), and one picture
# alone costs a whole block
BLOCK_PIXELS = {"cpu": 2 * 224 * 224, "other": 64 * 224 * 224}
BLOCK_LIMITS = {"cpu": (2, 32), "other": (16, 256)}


def probabilities(
    module: nn.Module, rows: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]
) -> NDArray[np.float32]:
    """Return softmax(module((rows/255 - mean) / std)) as float32 (n, K), on the module's device, in eval mode.

    Args:
        rows: pictures as a dataset holds them, uint8 (n, H, W, C); mean and std are on values 0..1, one a channel.
    """
    device = next(module.parameters()).device
    size = block_size(rows.shape[1], rows.shape[2], device)
    scale = _column(mean, device), _column(std, device)
    with _evaluating(module), torch.inference_mode():
        weights = {name: lay_out(tensor) for name, tensor in module.named_parameters() if not _laid_out(tensor)}
        blocks = []
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            logits = functional_call(module, weights, (_block(some, size, device, *scale),))[: len(some)]
            blocks.append(torch.softmax(logits.double(), dim=1).float().cpu())
        if not blocks:
            blocks = [torch.zeros(0, _class_count(module, rows.shape[1:], device))]
    return torch.cat(blocks).numpy()


def block_size(height: int, width: int, device: torch.device) -> int:
    """Return how many rows are computed at once: 2 of 224x224 on a CPU, up to 32 small ones; more elsewhere."""
    kind = "cpu" if device.type == "cpu" else "other"
    least, most = BLOCK_LIMITS[kind]
    return max(least, min(most, BLOCK_PIXELS[kind] // (height * width)))


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
    """Return the device called ``name``; ``auto`` is CUDA where there is one, then Apple's MPS, else the CPU.

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
        raise ModelError(f"The device {name} cannot be used here ({reason}); choose auto or cpu.") from None
    return device


def _block(rows: NDArray[np.uint8], size: int, device: torch.device, mean: Tensor, std: Tensor) -> Tensor:
    """Return ``size`` normalised pictures (N, C, H, W), channels last; those beyond ``rows`` are zeros."""
    n, height, width, channels = rows.shape
    shape = (size, channels, height, width)
    out = torch.empty_strided(shape, _channels_last(shape), device=device)
    pixels = torch.from_numpy(np.ascontiguousarray(rows)).to(device).permute(0, 3, 1, 2)
    out[:n] = (pixels.float() / 255 - mean) / std
    out[n:] = 0
    return out


def _laid_out(tensor: Tensor) -> bool:
    return tensor.ndim != 4 or tensor.stride() == _channels_last(tensor.shape)


def _channels_last(shape: Sequence[int]) -> tuple[int, int, int, int]:
    _, channels, height, width = shape
    return channels * height * width, 1, width * channels, channels


def _column(values: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float32, device=device).reshape(1, -1, 1, 1)


def _class_count(module: nn.Module, shape: Sequence[int], device: torch.device) -> int:
    height, width, channels = shape
    return int(module(torch.zeros(1, channels, height, width, device=device)).shape[1])


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Within it the module and all of its parts are in eval mode; afterwards each has the mode it had."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
