"""``keras.preprocessing``: pictures from files and folders, as arrays and batches."""

from . import image
from .from_directory import image_dataset_from_directory

__all__ = ["image", "image_dataset_from_directory"]
