"""``keras.utils``: to_categorical, normalize, and pictures from files and folders."""

from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse.errors import InputError, no_such_name

from .hints import UTILS
from .preprocessing import image_dataset_from_directory
from .preprocessing.image import array_to_img, img_to_array, load_img

__all__ = [
    "array_to_img", "image_dataset_from_directory", "img_to_array", "load_img", "normalize", "to_categorical",
]  # fmt: skip


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Whole numbers as one-hot rows, float32. x (N,) -> (N, K).

    Raises:
        InputError: a number is negative, not whole, or not below ``num_classes``.

    >>> to_categorical([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    whole = labels.astype(np.int64)
    if whole.size and (not np.array_equal(whole, labels) or whole.min() < 0):
        raise InputError("to_categorical takes whole numbers from 0 on, got {given}", given=str(labels.ravel()[:8]))
    classes = int(whole.max()) + 1 if num_classes is None else num_classes
    if whole.size and whole.max() >= classes:
        raise InputError("label {label} does not fit {classes} classes, 0 to {last}", label=int(whole.max()),
                         classes=classes, last=classes - 1)  # fmt: skip
    return np.eye(classes, dtype=np.float32)[whole]


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """Each vector along ``axis`` divided by its length; a zero vector stays zero."""
    values = np.asarray(x, np.float32)
    length = np.linalg.norm(values, ord=order, axis=axis, keepdims=True)
    divided: np.ndarray = values / np.where(length == 0, 1, length)
    return divided


if not TYPE_CHECKING:  # type checkers are to see what is there and nothing else

    def __getattr__(name: str) -> object:
        raise no_such_name(__name__, name, UTILS)
