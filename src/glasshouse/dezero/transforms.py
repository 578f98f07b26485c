"""``dezero.transforms``: those on arrays."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import transforms
from glasshouse.autodiff.transforms import *

__all__ = []
__all__ += transforms.__all__
