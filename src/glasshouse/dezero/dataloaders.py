"""``dezero.dataloaders``."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import dataloaders
from glasshouse.autodiff.dataloaders import *

__all__ = []
__all__ += dataloaders.__all__
