"""What jobs leave for the pages: reports and the prediction for every picture of a split.

A run's folder gets ``results/SPLIT.json`` (``Report.to_dict()``) and ``results/SPLIT.npz``; a classification gets
``work/JOB/predictions.jsonl``, ``predictions.csv`` and, with truth, ``report.json``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import MissingError
from glasshouse.messages import with_messages

__all__ = ["SplitAnswers", "read_answers", "read_predictions", "read_report", "result_place", "write_answers"]


@dataclass(frozen=True)
class SplitAnswers:
    """A model's answers on a split, a row each in the split's order.

    ``labels`` int64 (N,) is the truth, ``top`` int64 (N, k) the most probable classes, best first, ``top_probability``
    float32 (N, k) theirs, ``truth_probability`` float32 (N,) that of the truth.
    """

    labels: NDArray[np.int64]
    top: NDArray[np.int64]
    top_probability: NDArray[np.float32]
    truth_probability: NDArray[np.float32]


def result_place(run: Path, split: str, dataset_id: str | None = None) -> Path:
    """Return where the results on a split lie (without ending); ``dataset_id`` where it is not the model's own."""
    return run / "results" / (split if dataset_id is None else f"{split}-{dataset_id}")


def read_report(place: Path) -> dict[str, Any]:
    """Return the report at ``place`` (``result_place``).

    Raises:
        MissingError: the model was not scored there yet.
    """
    try:
        found: dict[str, Any] = with_messages(json.loads(place.with_suffix(".json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise MissingError("The model was not scored on these pictures yet.") from None
    return found


def write_answers(place: Path, labels: NDArray[np.int64], probabilities: NDArray[np.float32], k: int = 5) -> None:
    """Keep the answers on a split: the ``k`` most probable classes of each row."""
    top = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.part.npz")
    np.savez(beside, labels=labels, top=top, top_probability=np.take_along_axis(probabilities, top, 1),
             truth_probability=probabilities[np.arange(len(labels)), labels])  # fmt: skip
    beside.rename(place.with_suffix(".npz"))


def read_answers(place: Path) -> SplitAnswers:
    """Return the answers at ``place`` (``result_place``).

    Raises:
        MissingError: the model was not scored there yet.
    """
    try:
        with np.load(place.with_suffix(".npz"), allow_pickle=False) as file:
            return SplitAnswers(file["labels"], file["top"], file["top_probability"], file["truth_probability"])
    except (OSError, ValueError, KeyError):
        raise MissingError("The model was not scored on these pictures yet.") from None


def read_predictions(folder: Path, offset: int = 0, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the predictions of a classification (``work/JOB``): ``Prediction.to_dict()`` with ``truth``."""
    path = folder / "predictions.jsonl"
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number < offset or not line.endswith("\n"):
                continue
            if limit is not None and number >= offset + limit:
                return
            yield with_messages(json.loads(line))
