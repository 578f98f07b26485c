"""Labels as they are handed over become names of classes; a missing value is no class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from glasshouse.data.check import Finding
from glasshouse.data.items import Item
from glasshouse.data.names import alike_finding, natural, tidied
from glasshouse.recipe import DatasetRecipe

__all__ = ["class_order", "is_missing", "label_text", "well_named"]


def is_missing(label: object) -> bool:
    """Return whether a value stands for no label: None, NaN, NaT, pandas.NA, an empty text; but not ``nan``."""
    if label is None or (isinstance(label, str) and not label.strip()):
        return True
    if isinstance(label, str | bytes | bool | int):
        return False
    if type(label).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    try:
        return bool(label != label)  # NaN is the one value that differs from itself
    except (TypeError, ValueError):
        return False


def label_text(label: object) -> str | None:
    """Return the name of the class that a value means, None if it means none: 3 and 3.0 are ``3``, True is ``True``."""
    if is_missing(label):
        return None
    if isinstance(label, np.generic) or (hasattr(label, "item") and getattr(label, "ndim", 0) == 0):
        label = label.item()  # of NumPy, or of torch
    if is_missing(label):
        return None
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return label.isoformat() if isinstance(label, date) else str(label)


def well_named(
    items: Sequence[Item], classes: Sequence[str] | None, fold: bool = False
) -> tuple[list[Item], list[str] | None, list[Finding]]:
    """Return items and stated classes with clean names, one for each class, and what is reported of them.

    ``fold`` makes one class of names that differ in case: of folders, which most systems cannot have side by side.
    """
    counts = {**dict.fromkeys(classes or (), 0), **Counter(item.label for item in items)}
    renamed, findings = tidied(counts, fold and classes is None)
    if renamed:
        items = [replace(item, label=renamed.get(item.label, item.label)) for item in items]
    names = sorted({item.label for item in items})
    stated = None if classes is None else list(dict.fromkeys(renamed.get(name, name) for name in classes))
    return list(items), stated, [*findings, *alike_finding(names)]


def class_order(classes: Sequence[str] | None, items: Sequence[Item], recipe: DatasetRecipe) -> list[str]:
    """Return the classes that have pictures: in the order that the source states, else sorted by name.

    Names with numbers are sorted as people count (1, 2, 10); recipes of version 1 sort by letters (1, 10, 2), as they
    did when they were made, so that a model's outputs keep their places.
    """
    used = {item.label for item in items}
    if classes is None:
        return sorted(used) if recipe.version == 1 else sorted(used, key=natural)
    return [name for name in classes if name in used]
