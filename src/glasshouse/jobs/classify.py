"""Classify Many: a folder, an archive, a table or a list of pictures becomes a table of predictions."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.sources.gathering import Pictures, find_pictures
from glasshouse.errors import PictureError
from glasshouse.evaluation.report import measure
from glasshouse.events import Event, Progress
from glasshouse.messages import Message

if TYPE_CHECKING:
    from glasshouse.export.predictor import Model, Prediction

__all__ = ["classify"]

KEPT = 5  # classes a picture


@dataclass
class _Table:
    """Collects what a report needs of the pictures whose truth is known."""

    classes: Sequence[str]
    labels: list[int] = field(default_factory=list)
    probabilities: list[NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.column = {name: number for number, name in enumerate(self.classes)}

    def add(self, truth: str | None, prediction: "Prediction") -> None:
        if truth is None or prediction.error is not None:
            return
        row = np.zeros(len(self.classes))
        for label, probability in prediction.top:
            row[self.column[label]] = probability
        self.labels.append(self.column[truth])
        self.probabilities.append(row)

    def report(self) -> dict[str, Any] | None:
        if not self.labels:
            return None
        stacked = np.stack(self.probabilities)
        return measure(stacked, np.array(self.labels), self.classes, "pictures").to_dict()


def classify(model: "Model", source: str, out: Path, report: Callable[[Event], None]) -> dict[str, Any]:
    """Classify the pictures of ``source`` into ``out/predictions.jsonl``; with truth, ``out/report.json``.

    Raises:
        SourceError: the source is missing, or has no pictures.
    """
    pictures = find_pictures(source, model.classes)
    table = _Table(model.classes)
    out.mkdir(parents=True, exist_ok=True)
    begin, failed = monotonic(), 0
    with (out / "predictions.jsonl").open("w", encoding="utf-8") as target:
        for done, (prediction, truth) in enumerate(_predictions(model, pictures), start=1):
            table.add(truth, prediction)
            failed += prediction.error is not None
            line = {**replace(prediction, top=prediction.top[:KEPT]).to_dict(), "truth": truth}
            target.write(json.dumps(line, ensure_ascii=False) + "\n")
            spent = monotonic() - begin
            total = len(pictures.paths)
            report(Progress("classifying", done, total, spent, spent / done * (total - done)))
    found = table.report()
    if found is not None:
        (out / "report.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    scores = {name: found[name] for name in ("accuracy", "interval")} if found else {}
    return {"pictures": len(pictures.paths), "failed": failed, "with_truth": len(table.labels), **scores}


def _predictions(model: "Model", pictures: Pictures) -> "Iterator[tuple[Prediction, str | None]]":
    reasons: deque[str | None] = deque()

    def read_all() -> "Iterator[bytes | NDArray[np.generic]]":
        for index in range(len(pictures.paths)):
            try:
                picture: Any = pictures.read(index)
                reasons.append(None)
            except PictureError as error:
                picture = b""
                reasons.append(str(error))
            except Exception as error:  # noqa: BLE001  (the boundary: one file never stops the others)
                picture = b""
                reasons.append(Message("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error))
            yield picture

    answers = model.predict_stream(read_all(), top=len(model.classes))
    for path, truth, prediction in zip(pictures.paths, pictures.truths, answers):
        reason = reasons.popleft()
        yield replace(prediction, path=path, error=reason or prediction.error), truth
