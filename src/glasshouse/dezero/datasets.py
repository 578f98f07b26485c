"""``dezero.datasets``: what needs no download."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import datasets
from glasshouse.autodiff.datasets import *

__all__ = []
__all__ += datasets.__all__
