"""Losses, each a mean over the batch of N samples; and accuracy, which has no gradient."""

from typing import Any, cast

import numpy as np

from .activation import sigmoid, softmax
from .arrays import Array, module_of
from .comparison import clip
from .core import Function, Operand, Variable, as_operand, constant
from .elementary import log
from .faults import ShapeError
from .reduction import sum_to
from .switches import recording

__all__ = [
    "SigmoidCrossEntropy", "SoftmaxCrossEntropy", "accuracy", "binary_cross_entropy", "mean_squared_error",
    "sigmoid_cross_entropy", "softmax_cross_entropy",
]  # fmt: skip


class SoftmaxCrossEntropy(Function):
    """y = -Σ log softmax(x)[n, t[n]] / N; dx = (softmax(x) - onehot(t)) gy / N."""  # x (N, K), t (N,)

    def __init__(self, t: Array) -> None:
        self.t = t

    def forward(self, x: Array) -> Array:
        self.rows = module_of(x).labels_like(np.arange(len(x)), x)
        self.y = module_of(x).log_softmax(x, 1)
        return -self.y[self.rows, self.t].sum() / len(x)

    def backward(self, gy: Variable) -> Variable:
        (x,), module, share = self.inputs, module_of(self.y), gy / len(self.y)
        onehot = module.zeros(x.shape, self.y)
        onehot[self.rows, self.t] = 1
        if not recording():
            return constant(module.log_softmax_backward(onehot * -share.data, self.y, 1))
        return (softmax(x) - constant(onehot)) * share


class SigmoidCrossEntropy(Function):
    """y = Σ (log(1 + e^x) - x t) / N; dx = (sigmoid(x) - t) gy / N."""

    def forward(self, x: Array, t: Array) -> Array:
        return (module_of(x).softplus(x) - x * t).sum() / len(x)

    def backward(self, gy: Variable) -> tuple[Variable, Variable | None]:
        x, t = self.inputs
        gt = sum_to(-x * (gy / len(x)), t.shape) if self.wants(1) else None
        return (sigmoid(x) - t) * (gy / len(x)), gt


def softmax_cross_entropy(x: Operand, t: Any) -> Variable:
    """y = -Σ log softmax(x)[n, t[n]] / N: scores against whole-number labels. x (N, K), t (N,).

    Source: Deep Learning from Scratch 3, step 47.

    >>> round(float(softmax_cross_entropy(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).data), 4)
    0.6931
    """
    x, labels = as_operand(x), t.data if isinstance(t, Variable) else t
    labels = module_of(x.data).labels_like(labels, x.data)
    if x.ndim != 2 or tuple(labels.shape) != x.shape[:1]:
        raise ShapeError(
            "expected scores (N, K) and labels (N,), got {shape} and {shape2}; labels are whole numbers, one a "
            "sample, not one-hot rows",
            shape=x.shape,
            shape2=tuple(labels.shape),
        )
    if len(labels) and not getattr(labels, "is_cuda", False):  # on a graphics card, looking would mean waiting
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= x.shape[1]:
            raise ShapeError(
                "labels run from {low} to {high}; with {shape} scores they go from 0",
                low=low,
                high=high,
                shape=x.shape[1],
            )
    return cast(Variable, SoftmaxCrossEntropy(labels)(x))


def sigmoid_cross_entropy(x: Operand, t: Operand) -> Variable:
    """y = -Σ (t log p + (1 - t) log(1 - p)) / N with p = sigmoid(x): scores against 0 and 1; never overflows.

    >>> round(float(sigmoid_cross_entropy(np.array([1000.0, 0.0]), np.array([1, 1])).data), 4)
    0.3466
    """
    x, t = as_operand(x), as_operand(t)
    if x.shape != t.shape:
        t = t.reshape(x.shape)
    return cast(Variable, SigmoidCrossEntropy()(x, t))


def binary_cross_entropy(p: Operand, t: Operand) -> Variable:
    """y = -Σ (t log p + (1 - t) log(1 - p)) / N: probabilities against 0 and 1.

    >>> round(float(binary_cross_entropy(np.array([0.5, 0.5]), np.array([1, 0])).data), 4)
    0.6931
    """
    p, t = as_operand(p), as_operand(t)
    if p.shape != t.shape:
        t = t.reshape(p.shape)
    p = clip(p, 1e-15, 1 - _spacing(p))
    return -(t * log(p) + (1 - t) * log(1 - p)).sum() / len(p)


def _spacing(p: Variable) -> float:
    return 1e-15 if "64" in str(p.dtype) else 1e-7


def mean_squared_error(x0: Operand, x1: Operand) -> Variable:
    """y = Σ (x0 - x1)² / N.

    Source: Deep Learning from Scratch 3, step 42.

    >>> mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    variable(2.0)
    """
    difference = as_operand(x0) - x1
    return (difference * difference).sum() / len(difference)


def accuracy(y: Operand, t: Any) -> Variable:
    """The share of samples whose largest score is at their label; no gradient.

    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    variable(0.5)
    """
    y, labels = as_operand(y), t.data if isinstance(t, Variable) else t
    module = module_of(y.data)
    right = module.argmax(y.data, 1) == module.labels_like(labels, y.data).reshape(-1)
    return constant(module.astype(right, y.data).mean())
