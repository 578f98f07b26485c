"""Where arrays lie: the book's names. The graphics card's arrays are torch tensors, not CuPy's."""

from types import ModuleType
from typing import Any

import numpy as np

from .arrays import Array, is_array, on_card, on_host
from .core import Variable

__all__ = ["as_cupy", "as_numpy", "get_array_module", "to_cpu", "to_gpu"]


def __getattr__(name: str) -> Any:
    if name == "gpu_enable":  # looked up when asked for, because it loads torch
        import torch

        return torch.cuda.is_available()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_array_module(x: Any) -> ModuleType:
    """The library of an array, numpy or torch: they share many names, such as ``sin`` and ``exp``.

    >>> get_array_module(np.zeros(3)).__name__
    'numpy'
    """
    data = x.data if isinstance(x, Variable) else x
    if isinstance(data, np.ndarray) or not is_array(data):
        return np
    import torch

    return torch


def as_numpy(x: Any) -> Any:
    """Any array, Variable or number as a NumPy array.

    >>> as_numpy(Variable(np.ones(2)))
    array([1., 1.])
    """
    return on_host(x.data if isinstance(x, Variable) else x)


def as_cupy(x: Any) -> Array:
    """Any array or Variable as a torch tensor on the graphics card."""
    return on_card(x.data if isinstance(x, Variable) else x)


def to_cpu(x: Variable) -> None:
    """Hold the numbers of a Variable in a NumPy array."""
    x.to_cpu()


def to_gpu(x: Variable) -> None:
    """Hold the numbers of a Variable in a torch tensor on the graphics card."""
    x.to_gpu()
