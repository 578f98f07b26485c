"""``dezero.cuda``: the graphics card's arrays are torch tensors."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from typing import Any

from glasshouse.autodiff import cuda
from glasshouse.autodiff.cuda import *

__all__ = []
__all__ += cuda.__all__


def __getattr__(name: str) -> Any:
    return getattr(cuda, name)  # gpu_enable is looked up when asked for
