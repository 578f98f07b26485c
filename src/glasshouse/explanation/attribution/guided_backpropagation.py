"""Guided backpropagation, as history only: it draws edges, and draws nearly the same ones for shuffled weights.

A ReLU passes a derivative back only where both its input and the derivative are positive. Adebayo and others (2018)
showed that the picture hardly depends on what the network learned; here it fails the same check, and is never shown as
an explanation.

Source: Springenberg and others, Striving for Simplicity: The All Convolutional Net, 2015.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

__all__ = ["guided_backpropagation"]


def guided_backpropagation(module: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return the guided derivative of the classes' numbers before softmax by x (N, C, H, W), summed over C."""
    leaf = x.detach().clone().requires_grad_()
    with torch.enable_grad(), _GuidedRelus():
        y = module(leaf.clone()).gather(1, targets[:, None]).sum()
    (gradient,) = torch.autograd.grad(y, leaf)
    return gradient.sum(1)


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, most: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.most = most
        return x.clamp(0, most)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0].clamp(min=0) * ((x > 0) & (x < ctx.most)), None


MOST = {F.relu: torch.inf, torch.relu: torch.inf, torch.relu_: torch.inf, Tensor.relu: torch.inf,
        Tensor.relu_: torch.inf, F.relu6: 6.0, F.hardtanh: 6.0, F.hardtanh_: 6.0}  # fmt: skip


class _GuidedRelus(TorchFunctionMode):
    """Within it every ReLU is a guided one."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        if func in MOST:
            return _Guided.apply(args[0], MOST[func])  # type: ignore[no-untyped-call]
        return func(*args, **(kwargs or {}))
