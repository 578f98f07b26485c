"""What makes two datasets the same: their recipe and the content of their pictures, wherever the source lies."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from glasshouse.data.items import Item, Listed
from glasshouse.recipe import DatasetRecipe
from glasshouse.recipe.edits import edits_digest

__all__ = ["content_hash", "fingerprint", "listing_digest", "names_digest", "recipe_key"]

_PLACES = ("source", "valid_source", "test_source")
_LABEL_PLACES = ("labels_file", "pictures")


def recipe_key(recipe: DatasetRecipe) -> str:
    """Return the recipe as canonical JSON without places: of a path only its being given is kept.

    The version is left out of account: what it changes is the order of classes, which the fingerprint covers. Of edits
    a digest is kept.
    """
    data: dict[str, Any] = {**recipe.model_dump(mode="json"), "version": 1}
    for name in _PLACES:
        data[name] = data[name] is not None
    for name in _LABEL_PLACES:
        data["labels"][name] = data["labels"][name] is not None
    if recipe.edits:
        data["edits"] = edits_digest(recipe.edits)
    return json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def fingerprint(
    recipe: DatasetRecipe,
    rows: Iterable[tuple[str, str, str, str]],
    ranges: Mapping[str, Sequence[float]] | None = None,
    classes: Sequence[str] | None = None,
) -> str:
    """Return the SHA-256 over the recipe and each row's (split, label, path, sha256) in order.

    ``ranges`` are those of values above 8 bits (``ValueRanges.to_dict``), where the dataset has such pictures.
    ``classes`` is their order if it is the one of numbers (1, 2, 10); orders that the source states, and that of
    letters, were never part of it.
    """
    head = [recipe_key(recipe), *([json.dumps(ranges, sort_keys=True)] if ranges else []), *(classes or ())]
    return _digest(head, rows)


def listing_digest(place: str, files: Iterable[Listed]) -> str:
    """Return the SHA-256 over a source's place and its files' (path, size, time): cheap, and changes with them."""
    return _digest([place], ((f.written or f.path, str(f.size), str(f.mtime_ns)) for f in files))


def names_digest(items: Iterable[Item]) -> str:
    """Return the SHA-256 over what a source says of its pictures without opening them."""
    return _digest([], ((i.path, i.label, i.split or "", i.group or "") for i in items))


def content_hash(data: bytes | np.ndarray) -> str:
    """Return the SHA-256 of a file's bytes, or of an array's shape, type and values."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    digest = hashlib.sha256(f"{data.shape}{data.dtype.str}".encode())
    digest.update(np.ascontiguousarray(data).data)
    return digest.hexdigest()


def _digest(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    digest = hashlib.sha256()
    for row in ([*head], *rows):
        digest.update(json.dumps([*row], ensure_ascii=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()
