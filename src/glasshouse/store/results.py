"""What jobs leave for the pages: reports and the prediction for every picture of a split.

A run's folder gets ``results/SPLIT.json`` (``Report.to_dict()``) and ``results/SPLIT.npz``, both with a checksum that
is verified when they are read, and by ``glasshouse verify``; a classification gets
``work/JOB/predictions.jsonl``, ``predictions.csv`` and, with truth, ``report.json``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import DamagedRunError, MissingError
from glasshouse.integrity.arrays import read_arrays, write_arrays
from glasshouse.integrity.documents import CHECKSUM, checksum_fault, read_object, with_checksum
from glasshouse.messages import with_messages

__all__ = [
    "SplitAnswers",
    "kept_answers",
    "read_answers",
    "read_predictions",
    "read_report",
    "result_place",
    "verified_report",
    "write_answers",
    "write_report",
]


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
    """Return where the results on a split lie (without ending); ``dataset_id`` if it is not the model's own."""
    return run / "results" / (split if dataset_id is None else f"{split}-{dataset_id}")


def read_report(place: Path) -> dict[str, Any]:
    """Return the report at ``place`` (``result_place``).

    Raises:
        MissingError: the model was not scored there yet.
        DamagedRunError: the report is not what was written.
    """
    return verified_report(_ending(place, ".json"))


def verified_report(file: Path) -> dict[str, Any]:
    """Return the report in ``file``, also of before reports had checksums; it raises what ``read_report`` raises."""
    try:
        report = read_object(file)
        fault = checksum_fault(report)
    except FileNotFoundError:
        raise _unscored() from None
    except (OSError, ValueError) as error:
        report, fault = {}, str(error)
    if fault is not None:
        raise _damaged(file, fault)
    found: dict[str, Any] = with_messages({name: value for name, value in report.items() if name != CHECKSUM})
    return found


def write_report(place: Path, report: Mapping[str, Any]) -> None:
    """Keep a report (``Report.to_dict()``) at ``place``, with its checksum."""
    file = _ending(place, ".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.part")
    beside.write_text(json.dumps(with_checksum(report), ensure_ascii=False), encoding="utf-8")
    beside.replace(file)


def write_answers(place: Path, labels: NDArray[np.int64], probabilities: NDArray[np.float32], k: int = 5) -> None:
    """Keep the answers on a split: the ``k`` most probable classes of each row."""
    top = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    place.parent.mkdir(parents=True, exist_ok=True)
    found = SplitAnswers(labels, top, np.take_along_axis(probabilities, top, 1),
                         probabilities[np.arange(len(labels)), labels])  # fmt: skip
    write_arrays(_ending(place, ".npz"), vars(found))


def read_answers(place: Path) -> SplitAnswers:
    """Return the answers at ``place`` (``result_place``).

    Raises:
        MissingError: the model was not scored there yet.
        DamagedRunError: the answers are not what was written.
    """
    file = _ending(place, ".npz")
    try:
        return SplitAnswers(**read_arrays(file))  # type: ignore[arg-type]
    except FileNotFoundError:
        raise _unscored() from None
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(file, str(error)) from None


def kept_answers(run: Path, split: str) -> SplitAnswers | None:
    """Return a model's answers on a split of its dataset, or None if it was not scored there yet.

    Raises:
        DamagedRunError: the answers are not what was written.
    """
    try:
        return read_answers(result_place(run, split))
    except MissingError:
        return None


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


def _ending(place: Path, ending: str) -> Path:
    """The file of results at ``place``, in whose name a dot may be."""
    return place.with_name(f"{place.name}{ending}")


def _unscored() -> MissingError:
    return MissingError("The model was not scored on these pictures yet.")


def _damaged(file: Path, fault: str) -> DamagedRunError:
    return DamagedRunError(
        "The results in {name}/{name2} are damaged ({fault}). Evaluate the model on these pictures again.",
        name=file.parent.name,
        name2=file.name,
        fault=fault,
    )
