"""``dezero.utils``."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import utils
from glasshouse.autodiff.utils import *

__all__ = []
__all__ += utils.__all__
