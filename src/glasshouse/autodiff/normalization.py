"""Batch normalisation: every channel to mean 0 and variance 1, then scaled by gamma and shifted by beta."""

from typing import cast

import numpy as np

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand, constant
from .faults import ShapeError
from .reduction import mean
from .shaping import reshape
from .switches import recording, training

__all__ = ["Standardize", "batch_norm", "batch_nrom", "fixed_norm"]


class Standardize(Function):
    """y = (x - μ) / σ with μ and σ² + ε those of x along axes; dx = (gy - mean gy - y mean(gy y)) / σ.

    y and σ depend on x too: when the walk back is recorded they are computed again from x, so that the second
    derivative sees them.
    """

    def __init__(self, axes: tuple[int, ...], eps: float) -> None:
        self.axes, self.eps = axes, eps

    def forward(self, x: Array) -> Array:
        module, n = module_of(x), x.size if isinstance(x, np.ndarray) else x.numel()
        share = 1 / (n // max(1, x.shape[1]))
        self.mean = module.sum(x, self.axes, True) * share
        centred = x - self.mean
        self.variance = module.sum(centred * centred, self.axes, True) * share
        self.scale = (self.variance + self.eps) ** -0.5
        return centred * self.scale

    def backward(self, gy: Variable) -> Variable:
        (x,), y, scale = self.inputs, self.output(), constant(self.scale)
        if recording():
            centred = x - mean(x, self.axes, True)
            scale = (mean(centred * centred, self.axes, True) + self.eps) ** -0.5
            y = centred * scale
        return (gy - mean(gy, self.axes, True) - y * mean(gy * y, self.axes, True)) * scale


def batch_norm(
    x: Operand, gamma: Operand, beta: Operand, mean: Operand, var: Operand, decay: float = 0.9, eps: float = 2e-5, *,
    unbiased: bool = True,
) -> Variable:  # fmt: skip
    """y = gamma (x - μ) / √(σ² + ε) + beta, a mean and a variance for each of C channels. x (N, C) or (N, C, H, W).

    In training μ and σ² are the batch's, and the running `mean` and `var` follow them in place:
    mean ← decay mean + (1 - decay) μ, var likewise with σ² n / (n - 1) (σ² where not
    ``unbiased``). In `test_mode` they are used instead.

    Source: Ioffe and Szegedy 2015, arXiv 1502.03167.

    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm(x, np.ones(1), np.zeros(1), np.zeros(1), np.ones(1), eps=0.0)
    variable([[-1.]
              [ 1.]])
    """
    x, mean, var = as_operand(x), as_operand(mean), as_operand(var)
    if x.ndim not in (2, 4) or mean.shape != x.shape[1:2]:
        raise ShapeError(f"expected x (N, C) or (N, C, H, W) and a mean (C,), got {x.shape} and {mean.shape}")
    if not training():
        return fixed_norm(x, gamma, beta, mean, var, eps)
    function = Standardize((0, 2, 3) if x.ndim == 4 else (0,), eps)
    y = cast(Variable, function(x))
    n = x.size // max(1, x.shape[1])
    spread = n / max(1, n - 1) if unbiased else 1
    for running, batch in ((mean, function.mean), (var, function.variance * spread)):
        running.data *= decay
        running.data += (1 - decay) * batch.reshape(-1)
    return y * _channels(gamma, x) + _channels(beta, x)


batch_nrom = batch_norm  # as the book's library spells it


def fixed_norm(x: Operand, gamma: Operand, beta: Operand, mean: Operand, var: Operand, eps: float = 2e-5) -> Variable:
    """y = gamma (x - mean) / √(var + ε) + beta with a given mean and variance: batch norm with frozen statistics.

    >>> fixed_norm(np.array([[3.0]]), np.ones(1), np.zeros(1), np.ones(1), np.array([4.0]), eps=0.0)
    variable([[1.]])
    """
    x = as_operand(x)
    scale = as_operand(gamma) * (as_operand(var) + eps) ** -0.5
    shift = as_operand(beta) - as_operand(mean) * scale
    return x * _channels(scale, x) + _channels(shift, x)


def _channels(v: Operand, x: Variable) -> Variable:
    return reshape(v, (1, -1, 1, 1)) if x.ndim == 4 else as_operand(v)
