"""Batch normalisation: every channel to mean 0 and variance 1, then scaled by gamma and shifted by beta."""
# ruff: noqa: A004  (sum, max, min, pow and abs are the names readers know)

from typing import cast

from .arrays import Array, module_of
from .core import Function, Operand, Variable, as_operand, constant
from .faults import ShapeError
from .reduction import mean, sum
from .shaping import reshape
from .switches import recording, training

__all__ = ["BatchNorm", "batch_norm", "batch_nrom", "fixed_norm"]


class BatchNorm(Function):
    """y = gamma x̂ + beta with x̂ = (x - μ) / σ, where μ and σ² + ε are the mean and variance of each channel of x.

    dgamma = Σ gy x̂, dbeta = Σ gy, dx = gamma (gy - mean gy - x̂ mean(gy x̂)) / σ. When the walk back is recorded, μ
    and σ are computed again from x, so that the second derivative sees that they depend on it.
    """

    def __init__(self, eps: float) -> None:
        self.eps = eps

    def forward(self, x: Array, gamma: Array, beta: Array) -> Array:
        y, self.mean, self.variance, self.scale = module_of(x).batch_norm(x, gamma, beta, self.eps)
        return y

    def backward(self, gy: Variable) -> tuple[Variable, ...]:
        x, gamma, _ = self.inputs
        if not recording():
            module = module_of(x.data)
            found = module.batch_norm_backward(gy.data, x.data, gamma.data, self.mean, self.scale, self.eps)
            return tuple(constant(g) for g in found)
        axes = (0, 2, 3)[: x.ndim - 1]
        centred = x - mean(x, axes, True)
        scale = (mean(centred * centred, axes, True) + self.eps) ** -0.5
        y = centred * scale
        gx = (gy - mean(gy, axes, True) - y * mean(gy * y, axes, True)) * scale * _channels(gamma, x)
        return gx, sum(gy * y, axes), sum(gy, axes)


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
        raise ShapeError(
            "expected x (N, C) or (N, C, H, W) and a mean (C,), got {shape} and {shape2}",
            shape=x.shape,
            shape2=mean.shape,
        )
    if not training():
        return fixed_norm(x, gamma, beta, mean, var, eps)
    function = BatchNorm(eps)
    y = cast(Variable, function(x, gamma, beta))
    n = x.size // max(1, x.shape[1])
    spread = n / max(1, n - 1) if unbiased else 1
    for running, batch in ((mean, function.mean), (var, function.variance * spread)):
        running.data *= decay
        running.data += (1 - decay) * batch
    return y


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
