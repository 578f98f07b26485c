"""Where arrays lie: the book's names. The graphics card's arrays are torch tensors, not CuPy's."""

from types import ModuleType
from typing import Any

import numpy as np

from .arrays import Array, is_array, module_of
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
    data = x.data if isinstance(x, Variable) else x
    return module_of(data).host(data) if is_array(data) else np.asarray(data)


def as_cupy(x: Any) -> Array:
    """Any array or Variable as a torch tensor on the graphics card."""
    import torch

    return torch.as_tensor(x.data if isinstance(x, Variable) else x, device="cuda")


def to_cpu(x: Variable) -> None:
    """Hold the numbers of a Variable in a NumPy array."""
    x.data = as_numpy(x.data)


def to_gpu(x: Variable) -> None:
    """Hold the numbers of a Variable in a torch tensor on the graphics card."""
    x.data = as_cupy(x.data)
