"""A picture that a model was asked for, with its answer: what goes in and what comes out, to be seen at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.context.job_resource import JobResource

__all__ = ["Answered", "example_of"]

SPLIT = "val"
MOST = 5  # classes


@dataclass(frozen=True)
class Answered:
    """The picture ``row`` of a split of ``dataset``; ``top`` are classes with their probabilities, best first."""

    dataset: Dataset
    split: str
    row: int
    top: Sequence[tuple[str, float]]


def example_of(job: JobResource, dataset: Dataset | None) -> Answered | None:
    """Return a validation picture that the model got right, though it was surer of nine in ten of those.

    None if it was not scored on such pictures, or these are gone.
    """
    if dataset is None or SPLIT not in dataset.splits:
        return None
    try:
        found = read_answers(result_place(job.folder, SPLIT))
    except GlasshouseError:
        return None
    count = len(dataset.splits[SPLIT])
    if len(found.labels) != count or not count or found.top.max() >= len(dataset.classes):  # of another dataset
        return None
    right = np.flatnonzero(found.top[:, 0] == found.labels)
    rows = right if len(right) else np.arange(count)
    row = int(rows[np.argsort(found.truth_probability[rows], kind="stable")[len(rows) // 10]])
    pairs = zip(found.top[row, :MOST].tolist(), found.top_probability[row, :MOST].tolist(), strict=True)
    return Answered(dataset, SPLIT, row, [(dataset.classes[number], share) for number, share in pairs])
