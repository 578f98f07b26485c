"""One optimizer step: forward and backward over its batches, checks, clipping, update."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from glasshouse.errors import NotFiniteError
from glasshouse.messages import Message
from glasshouse.networks.layered import Layered
from glasshouse.training.devices import deterministic
from glasshouse.training.objective import Objective
from glasshouse.training.randomness import seeded

__all__ = ["Part", "Precision", "Stepper", "choose_precision"]


@dataclass(frozen=True)
class Part:
    """A batch on the device: inputs (N, C, H, W) or (N, F), targets (N,) or (N, K)."""

    inputs: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Precision:
    """In which numbers the forward pass computes; ``note`` tells where it is not what was asked for."""

    dtype: torch.dtype | None = None
    scaled: bool = False
    note: str | None = None


def choose_precision(name: str, device: torch.device) -> Precision:
    """Return bfloat16 or scaled float16 for ``mixed`` on CUDA, else float32."""
    if name == "float32":
        return Precision()
    if device.type != "cuda":
        return Precision(
            note=Message("mixed precision needs a CUDA device; {device} computes in float32", device=device)
        )
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Precision(torch.bfloat16)
    return Precision(torch.float16, scaled=True)


class Stepper:
    """Takes optimizer steps on ``module``; what it keeps beyond its optimizer is the scale of mixed precision."""

    def __init__(self, module: nn.Module, objective: Objective, device: torch.device, precision: Precision) -> None:
        self.module = module
        self.objective = objective
        self.device = device
        self.precision = precision
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision.scaled)

    def step(
        self,
        optimizer: torch.optim.Optimizer,
        parts: Iterable[Part],
        count: int,
        seed: tuple[int, int, int],
        clip_norm: float | None,
    ) -> tuple[float, float]:
        """Move the weights once, by the mean loss of the ``count`` pictures in ``parts``; return loss and norm.

        ``seed`` is (seed, epoch, step): all that dropout and augmentation layers depend on.

        Raises:
            NotFiniteError: the loss or the gradient is NaN or infinite; the weights have not been moved.
        """
        optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        with deterministic():
            for index, part in enumerate(parts):
                loss = self._forward(part, (*seed, index)) / count
                torch.autograd.backward(self.scaler.scale(loss))
                total += loss.detach()
        self.scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, clip_norm or math.inf)
        value, size = torch.stack([total, norm]).tolist()  # one wait for the device, not two
        self._check(value, size)
        self.scaler.step(optimizer)
        self.scaler.update()
        return value + 0.0, size if math.isfinite(size) else 0.0  # a step that the scale made too large is not taken

    def _forward(self, part: Part, numbers: tuple[int, ...]) -> torch.Tensor:
        mixed = self.precision.dtype is not None
        if isinstance(self.module, Layered):
            self.module.seed(*numbers)
        with (
            seeded(self.device, *numbers),
            torch.autocast(self.device.type, dtype=self.precision.dtype, enabled=mixed),
        ):
            logits = self.module(part.inputs)
        return self.objective(logits.float(), part.targets)

    def _check(self, loss: float, norm: float) -> None:
        if not math.isfinite(loss):
            raise NotFiniteError(Message("the loss is {loss}", loss=loss), 0)
        if not math.isfinite(norm) and (not self.precision.scaled or self.scaler.get_scale() < 1):
            raise NotFiniteError(
                Message("the loss is {loss}, but its gradient is {norm}", loss=f"{loss:.4g}", norm=norm), 0
            )
