"""``keras.preprocessing.image``: ImageDataGenerator, load_img, img_to_array, array_to_img."""

from typing import TYPE_CHECKING

from glasshouse.errors import no_such_name

from ..hints import IMAGE
from .batches import Batches, FolderBatches
from .generator import ImageDataGenerator
from .pictures import array_to_img, img_to_array, load_img

__all__ = ["Batches", "FolderBatches", "ImageDataGenerator", "array_to_img", "img_to_array", "load_img"]


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, IMAGE)
