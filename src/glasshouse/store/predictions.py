"""The answers of a classification (``work/JOB/predictions.jsonl``) as columns, for sorting and filtering."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.messages import with_messages
from glasshouse.store.results import SplitAnswers

__all__ = ["Predictions", "read_columns", "read_rows"]

KEPT = 5  # classes a picture


@dataclass(frozen=True)
class Predictions:
    """``answers`` has one row per picture; a label of -1 is an unknown truth, a top of -1 a picture that was not read.

    ``starts`` int64 (N,) are the places of the lines in the file.
    """

    starts: NDArray[np.int64]
    answers: SplitAnswers

    def __len__(self) -> int:
        return len(self.starts)


def read_columns(folder: Path, classes: Sequence[str]) -> Predictions:
    """Return the answers in ``folder`` as columns; kept until the file changes. Empty if there are none yet."""
    file = folder / "predictions.jsonl"
    try:
        found = file.stat()
    except FileNotFoundError:
        return _columns(b"", {})
    return _kept(file, found.st_mtime_ns, found.st_size, tuple(classes))


def read_rows(folder: Path, table: Predictions, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Return the predictions of ``rows`` as they were written: ``Prediction.to_dict()`` with ``truth``."""
    if not len(rows):
        return []
    found = []
    with (folder / "predictions.jsonl").open("rb") as file:
        for row in rows:
            file.seek(int(table.starts[row]))
            found.append(with_messages(json.loads(file.readline())))
    return found


@lru_cache(maxsize=8)
def _kept(file: Path, changed: int, size: int, classes: tuple[str, ...]) -> Predictions:
    return _columns(file.read_bytes(), {name: number for number, name in enumerate(classes)})


def _columns(data: bytes, numbers: Mapping[str, int]) -> Predictions:
    starts, labels, top, chances, place = [], [], [], [], 0
    for line in data.splitlines(keepends=True):
        if line.endswith(b"\n"):
            one = json.loads(line)
            first = one["top"][:KEPT]
            empty = KEPT - len(first)
            starts.append(place)
            labels.append(numbers.get(one.get("truth"), -1))
            top.append([numbers.get(entry["label"], -1) for entry in first] + [-1] * empty)
            chances.append([entry["probability"] for entry in first] + [0.0] * empty)
        place += len(line)
    truth = np.array(labels, np.int64)
    ranked = np.array(top, np.int64).reshape(-1, KEPT)
    shares = np.array(chances, np.float32).reshape(-1, KEPT)
    own = np.where(ranked == truth[:, None], shares, 0).sum(1, dtype=np.float32)
    return Predictions(np.array(starts, np.int64), SplitAnswers(truth, ranked, shares, own))
