"""The strip of pictures of a dataset, from which a page that looks inside lets one be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

from glasshouse.data.dataset import Dataset

__all__ = ["Strip", "strip_of"]

LENGTH = 10  # pictures to choose from at once


@dataclass(frozen=True)
class Strip:
    """The pictures to choose from: names of the splits and classes, the rows beside the chosen one, of ``count``."""

    splits: Sequence[str] = ()
    classes: Sequence[str] = ()
    rows: Sequence[int] = ()
    count: int = 0
    fingerprint: str = ""


def strip_of(dataset: Dataset | None, split: str, row: int) -> Strip:
    """Return the pictures beside ``row``; none if the dataset is gone."""
    if dataset is None:
        return Strip()
    names = [name for name in ("val", "train") if name in dataset.splits]
    count = len(dataset.splits[split]) if split in names else 0
    first = max(0, min(row - LENGTH // 2, count - LENGTH))
    rows = range(first, min(first + LENGTH, count))
    return Strip(names, dataset.classes, rows, count, dataset.fingerprint[:12])
