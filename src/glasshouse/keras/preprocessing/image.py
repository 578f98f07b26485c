"""``keras.preprocessing.image``: ImageDataGenerator, load_img, img_to_array, array_to_img."""

from .batches import Batches, FolderBatches
from .generator import ImageDataGenerator
from .pictures import array_to_img, img_to_array, load_img

__all__ = ["Batches", "FolderBatches", "ImageDataGenerator", "array_to_img", "img_to_array", "load_img"]
