"""Classify Many: a folder, an archive, a table or a list of pictures becomes a table of predictions."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.archive import open_archive
from glasshouse.data.files import DiskFiles
from glasshouse.data.source import open_source
from glasshouse.errors import PictureError, SourceError
from glasshouse.evaluation.report import measure
from glasshouse.events import Event, Progress
from glasshouse.recipe import DatasetRecipe

if TYPE_CHECKING:
    from glasshouse.export.predictor import Model, Prediction

__all__ = ["Pictures", "classify", "find_pictures"]

KEPT = 5  # classes a picture


@dataclass(frozen=True)
class Pictures:
    """Pictures to classify, with their truth where it is known (else None).

    ``read`` returns the picture of an index; its PictureError tells why it cannot be read.
    """

    paths: Sequence[str]
    truths: Sequence[str | None]
    read: "Callable[[int], bytes | NDArray[np.generic]]"


@dataclass
class _Table:
    """Collects what a report needs of the pictures whose truth is known."""

    classes: Sequence[str]
    labels: list[int] = field(default_factory=list)
    probabilities: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, truth: str | None, prediction: "Prediction") -> None:
        if truth is None or prediction.error is not None:
            return
        column = {name: number for number, name in enumerate(self.classes)}
        row = np.zeros(len(self.classes))
        for label, probability in prediction.top:
            row[column[label]] = probability
        self.labels.append(column[truth])
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
            line = {**prediction.to_dict(), "truth": truth}
            target.write(json.dumps({**line, "top": line["top"][:KEPT]}, ensure_ascii=False) + "\n")
            spent = monotonic() - begin
            total = len(pictures.paths)
            report(Progress("classifying", done, total, spent, spent / done * (total - done)))
    found = table.report()
    if found is not None:
        (out / "report.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    scores = {name: found[name] for name in ("accuracy", "interval")} if found else {}
    return {"pictures": len(pictures.paths), "failed": failed, "with_truth": len(table.labels), **scores}


def find_pictures(source: str, classes: Sequence[str]) -> Pictures:
    """Return the pictures of a source; their labels are the truth where most of them are classes of the model.

    Raises:
        SourceError: the source is missing, or has no pictures.
    """
    try:
        labelled = open_source(DatasetRecipe(source=source, min_per_class=1))
    except SourceError as error:
        return _unlabelled(source, classes, error)
    known = set(classes)
    fitting = sum(item.label in known for item in labelled.items)
    trusted = fitting * 2 > len(labelled.items)
    truths = [item.label if trusted and item.label in known else None for item in labelled.items]
    return Pictures([item.path for item in labelled.items], truths, lambda index: labelled.read(labelled.items[index]))


def _unlabelled(source: str, classes: Sequence[str], error: SourceError) -> Pictures:
    root = Path(source)
    if root.is_dir():
        files = DiskFiles(root)
    elif root.is_file() and root.suffix.lower() in (".txt", ".lst", ".list"):
        return _listed(root, error)
    elif root.is_file() and (archive := open_archive(root)) is not None:
        return _of_tree(archive.read, [file.path for file in archive.tree.files], classes, error)
    elif root.is_file():
        return Pictures([root.name], [None], lambda _: DiskFiles(root.parent).read(root.name))
    else:
        raise error
    return _of_tree(files.read, [file.path for file in files.tree.files], classes, error)


def _of_tree(read: Callable[[str], bytes], paths: list[str], classes: Sequence[str], error: SourceError) -> Pictures:
    """Return all files of a tree; one class folder alone still tells the truth."""
    if not paths:
        raise error
    folders = [path.split("/")[-2] if "/" in path else None for path in paths]
    truths = [folder if folder in set(classes) else None for folder in folders]
    return Pictures(paths, truths, lambda index: read(paths[index]))


def _listed(path: Path, error: SourceError) -> Pictures:
    """Return the pictures of a list without labels: a path a line, relative to the list's folder."""
    names = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not names:
        raise error
    inside = [name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts]
    files = DiskFiles(path.parent)
    return Pictures(inside, [None] * len(inside), lambda index: files.read(inside[index]))


def _predictions(model: "Model", pictures: Pictures) -> "Iterator[tuple[Prediction, str | None]]":
    from dataclasses import replace

    reasons: deque[str | None] = deque()

    def read_all() -> "Iterator[bytes | NDArray[np.generic]]":
        for index in range(len(pictures.paths)):
            try:
                picture: Any = pictures.read(index)
                reasons.append(None)
            except PictureError as error:
                picture = b""
                reasons.append(str(error))
            yield picture

    answers = model.predict_stream(read_all(), top=len(model.classes))
    for path, truth, prediction in zip(pictures.paths, pictures.truths, answers):
        reason = reasons.popleft()
        yield replace(prediction, path=path, error=reason or prediction.error), truth
