"""How many pictures of a classification got each class: for the page, the API and as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.store.results import SplitAnswers

__all__ = ["ClassCount", "class_counts", "count_lines"]


@dataclass(frozen=True)
class ClassCount:
    """``count`` pictures were said to be of the class ``name``, with a mean probability of ``sure``, 0..1.

    ``share`` is the part of all pictures that were read, ``known`` how many of the ``count`` have a known truth, and
    ``right`` how many of these are of the class.
    """

    name: str
    count: int
    share: float
    sure: float | None
    known: int
    right: int


def class_counts(answers: SplitAnswers, classes: Sequence[str]) -> list[ClassCount]:
    """Return each class, those of no picture too, the commonest answer first."""
    read = answers.top[:, 0] >= 0
    said, sure, truth = answers.top[read, 0], answers.top_probability[read, 0], answers.labels[read]
    number = len(classes)
    counts = np.bincount(said, minlength=number)
    sums = np.bincount(said, weights=sure.astype(np.float64), minlength=number)
    known = np.bincount(said[truth >= 0], minlength=number)
    right = np.bincount(said[truth == said], minlength=number)
    total = max(1, int(read.sum()))
    found = [
        ClassCount(name, int(counts[k]), int(counts[k]) / total, float(sums[k] / counts[k]) if counts[k] else None,
                   int(known[k]), int(right[k]))
        for k, name in enumerate(classes)
    ]  # fmt: skip
    return sorted(found, key=lambda one: -one.count)


def count_lines(counts: Sequence[ClassCount]) -> Iterator[str]:
    """Yield the lines of the table: class, pictures, share, mean probability, with known truth, right."""
    yield BOM + line(["class", "pictures", "share", "mean probability", "with known truth", "right"])
    for one in counts:
        sure = "" if one.sure is None else f"{one.sure:.6f}"
        yield line([one.name, one.count, f"{one.share:.6f}", sure, one.known, one.right])
