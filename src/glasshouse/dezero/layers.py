"""``dezero.layers``."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import layers
from glasshouse.autodiff.layers import *

__all__ = []
__all__ += layers.__all__
