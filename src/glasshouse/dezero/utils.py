"""``dezero.utils``."""
# ruff: noqa: F403  (the same names, under the module where the book's readers look for them)

from typing import TYPE_CHECKING

from glasshouse.autodiff import utils
from glasshouse.autodiff.utils import *
from glasshouse.errors import no_such_name

from .hints import UTILS

__all__ = []
__all__ += utils.__all__


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, UTILS)
