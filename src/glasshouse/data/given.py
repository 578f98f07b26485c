"""What Python hands over gets a name in the recipe, so that a fingerprint covers it."""

import hashlib

import numpy as np

from glasshouse.data.fingerprint import content_hash
from glasshouse.data.items import Given
from glasshouse.recipe import DatasetRecipe

__all__ = ["given_digest", "identified"]


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
    for image in given.images if given.images is not None else ():
        digest.update(content_hash(np.asarray(image)).encode())
    digest.update(repr(_targets(given)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _targets(given: Given) -> object:
    try:
        return [] if given.targets is None else np.asarray(given.targets).tolist()
    except ValueError:  # rows of several lengths; they are refused with a reason when they are read
        return given.targets
