"""``keras.preprocessing``: pictures from files and folders, as arrays and batches."""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from ..hints import PREPROCESSING
from . import image
from .from_directory import image_dataset_from_directory

__all__ = ["image", "image_dataset_from_directory"]


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, PREPROCESSING)
