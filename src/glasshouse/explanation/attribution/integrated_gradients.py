"""Integrated gradients: the gradient summed along the straight way from a picture without evidence to the picture.

φ = (x - x₀) · ∫₀¹ ∂y_c/∂x (x₀ + a (x - x₀)) da, by Gauss-Legendre quadrature. Its sum is y_c(x) - y_c(x₀): that
completeness is measured, and the steps double until it holds.

Source: Sundararajan, Taly, Yan, Axiomatic Attribution for Deep Networks, 2017.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["BASELINE", "STEPS", "TOLERANCE", "Integrated", "integrated_gradients", "path_integral"]

BASELINE = "a picture of the mean colour of the pixel normalization"  # x₀, which is 0 after it
TOLERANCE = 0.01  # of y_c(x) - y_c(x₀) that may be missing
STEPS = (32, 512)  # at first, at most
BATCH = 8  # pictures at once; of more, the maps are too large for memory that is used again


@dataclass(frozen=True)
class Integrated:
    """A map (H, W) with the ``steps`` that it took and its ``error``, the part of y_c(x) - y_c(x₀) that is missing."""

    values: Tensor
    steps: int
    error: float


def integrated_gradients(
    module: nn.Module, x: Tensor, target: int, steps: tuple[int, int] = STEPS, tolerance: float = TOLERANCE
) -> Integrated:
    """Return the signed map of one picture x (C, H, W): what each pixel adds to the number before softmax of a class.

    ``steps`` are those at first and at most: they double until the ``error`` is within the tolerance.
    """
    with torch.no_grad():
        y = module(torch.stack([x, torch.zeros_like(x)]))[:, target].double()
    rise, count = float(y[0] - y[1]), steps[0]
    while True:
        values = path_integral(module, x, target, count)
        error = abs(float(values.double().sum()) - rise) / max(abs(rise), 1e-12)
        if error <= tolerance or 2 * count > steps[1]:
            return Integrated(values.sum(0), count, error)
        count *= 2


def path_integral(module: nn.Module, x: Tensor, target: int, steps: int) -> Tensor:
    """Return φ (C, H, W) of one picture x (C, H, W) with ``steps`` points of the quadrature."""
    points, weights = np.polynomial.legendre.leggauss(steps)
    a, da = (torch.from_numpy(each).float().view(-1, 1, 1, 1) for each in ((points + 1) / 2, weights / 2))
    total = torch.zeros_like(x)
    for first in range(0, steps, BATCH):
        along = (a[first : first + BATCH] * x).requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(module(along.clone())[:, target].sum(), along)
        total += (gradient * da[first : first + BATCH]).sum(0)
    return total * x
