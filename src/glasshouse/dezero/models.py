"""``dezero.models``: Model, Sequential, MLP."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from glasshouse.autodiff import models
from glasshouse.autodiff.models import *

__all__ = []
__all__ += models.__all__
