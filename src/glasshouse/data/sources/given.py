"""What Python hands over gets a name in the recipe, so that a fingerprint covers it."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from glasshouse.data.check import Finding
from glasshouse.data.checking.fingerprint import content_hash
from glasshouse.data.decoding.modes import channels_first
from glasshouse.data.items import Given
from glasshouse.errors import PictureError
from glasshouse.messages import Message
from glasshouse.recipe import DatasetRecipe

__all__ = ["channels_last", "given_digest", "identified", "layout_findings", "picture_size"]


def identified(recipe: DatasetRecipe, given: Given | None) -> DatasetRecipe:
    """Return the recipe with ``labels.by`` set to ``given`` and the digest of what is handed over."""
    if given is None:
        return recipe
    labels = {**recipe.labels.model_dump(), "by": "given", "digest": given_digest(given)}
    return recipe.replace(labels=labels)


def given_digest(given: Given) -> str:
    """Return the SHA-256 over all labels, pictures and class names that are handed over."""
    digest = hashlib.sha256(repr([*(given.classes or [])]).encode())
    for path, label in given.labels or ():
        digest.update(f"{path}\0{label}\n".encode("utf-8", "surrogatepass"))
    if given.splits is not None:
        digest.update(repr([*given.splits]).encode())
    for image in given.images if given.images is not None else ():
        digest.update(content_hash(np.asarray(image)).encode())
    digest.update(repr(_targets(given)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def picture_size(shape: Sequence[int]) -> tuple[int, int]:
    """Return (width, height) of an array's shape (H, W), (H, W, C) or (C, H, W), as ``from_array`` reads it."""
    height, width = shape[1:3] if channels_first(tuple(shape)) else shape[:2]
    return int(width), int(height)


def channels_last(array: np.ndarray) -> np.ndarray:
    """Return many pictures (N, C, H, W) as (N, H, W, C), anything else as it is.

    Raises:
        PictureError: an array may be one picture (C, H, W) or so many grey ones; the text names both.
    """
    if array.ndim == 4 and channels_first(array.shape[1:]):
        return np.moveaxis(array, 1, -1)
    if array.ndim == 3 and channels_first(array.shape) and array.shape[0] > 1:
        raise PictureError(
            "an array of the shape {shape}: one picture with its channels first, or {shape2} grey ones? Give "
            "np.moveaxis(array, 0, -1) for the one picture, array[..., None] for the grey ones",
            shape=array.shape,
            shape2=array.shape[0],
        )
    return array


def layout_findings(images: Sequence[np.ndarray] | np.ndarray) -> Iterator[Finding]:
    """Yield what is to be told of the axes of pictures that are arrays: those with channels first are turned."""
    shapes = [images.shape[1:]] if isinstance(images, np.ndarray) else [np.shape(image) for image in images]
    turned = [shape for shape in shapes if channels_first(tuple(shape))]
    if turned:
        count = len(images) if isinstance(images, np.ndarray) else len(turned)
        yield Finding(
            "channels-first",
            Message(
                "{count} arrays have their channels first, such as {turned}: they are read as (channels, height, "
                "width) and turned; np.moveaxis(images, 1, -1) gives (N, H, W, C)",
                count=f"{count:,}",
                turned=tuple(turned[0]),
            ),
        )


def _targets(given: Given) -> object:
    try:
        return [] if given.targets is None else np.asarray(given.targets).tolist()
    except ValueError:  # rows of several lengths; they are refused with a reason when they are read
        return given.targets
