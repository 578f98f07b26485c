"""``dezero.optimizers``, with their hooks."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import optimizers
from glasshouse.autodiff.optimizers import *

__all__ = []
__all__ += optimizers.__all__
