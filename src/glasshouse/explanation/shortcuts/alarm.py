"""Shortcut alarm: does the model go by marks in the pictures rather than by what they show?"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasshouse.data.dataset import Dataset
from glasshouse.data.image_data import ImageData
from glasshouse.data.stored.rows import Split
from glasshouse.evaluation.intervals import wilson
from glasshouse.events import Progress, result_of
from glasshouse.explanation.opened import OpenedModel, open_model
from glasshouse.explanation.shortcuts.marks import Mark, find_marks
from glasshouse.explanation.shortcuts.pasting import Answers, Pasted, paste_test
from glasshouse.explanation.shortcuts.regions import Box, kind_of, place_of
from glasshouse.export.predictor import Model
from glasshouse.export.scoring import columns_of
from glasshouse.messages import Message, with_parts

__all__ = ["Shortcut", "ShortcutReport", "gone_by", "looking_for_shortcuts", "shortcuts"]

LEVEL = 0.01  # of the sign test, corrected for the classes and the marks that were tried
LEAST = {"corner": 0.05, "border": 0.1, "patch": 0.1}  # of the answers that a mark must change beyond its control
MOST = 4000  # pictures that are looked at
ENOUGH = 50  # pictures of a class; where validation has fewer, marks are looked for in training pictures as well
SHOWN = 12  # pictures that bear a mark, whose rows are given

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]  # pictures (N, H, W, C) and their classes (N,)


@dataclass(frozen=True)
class Shortcut:
    """A mark by which the model goes. ``share`` of the answers to other classes' pictures become ``label`` by it.

    ``kind`` is corner, border or patch; ``box`` x0, y0, x1, y1 in pixels of the dataset's pictures; ``interval`` the
    95 % interval of ``share``; ``control`` the share by other pixels at the same place. ``bearing`` of ``own`` pictures
    of the class bear it, ``others_bearing`` of ``others``; ``rows`` are some of them in the split.
    """

    kind: str
    label: str
    box: Box
    share: float
    interval: tuple[float, float]
    control: float
    p: float
    bearing: int
    own: int
    others_bearing: int
    others: int
    rows: tuple[int, ...]
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse shortcuts --json``."""
        found = {name: getattr(self, name) for name in ("kind", "share", "control", "p", "bearing", "own",
                                                        "others_bearing", "others", "message")}  # fmt: skip
        listed = {"class": self.label, "box": list(self.box), "interval": list(self.interval), "rows": list(self.rows)}
        return dict(with_parts({**found, **listed}))


@dataclass(frozen=True)
class ShortcutReport:
    """The shortcuts that were found on a split, the one that changes most answers first.

    ``tried`` marks were in the pictures, whether the model goes by them or not; ``pictures`` were looked at.
    """

    split: str
    pictures: int
    tried: int
    found: tuple[Shortcut, ...]
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it with the words of ``glasshouse shortcuts --json``."""
        told = {
            "split": self.split,
            "pictures": self.pictures,
            "tried": self.tried,
            "found": [one.to_dict() for one in self.found],
            "notes": list(self.notes),
        }
        return dict(with_parts(told))

    def __str__(self) -> str:
        return "\n".join([*([one.message for one in self.found] or [self.verdict]), *self.notes])

    @property
    def verdict(self) -> str:
        """What was found, in a sentence."""
        if self.found:
            return Message("The model goes by {count} marks in the pictures.", count=len(self.found))
        return Message(
            "No shortcut was found on {pictures} pictures of {split}. That is no proof that there is none: only marks "
            "that return with nearly the same pixels are looked for.", pictures=f"{self.pictures:,}", split=self.split,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        lines = [one.message for one in self.found] or [self.verdict]
        return "".join(f"<p>{escape(line)}</p>" for line in [*lines, *self.notes])


def shortcuts(
    model: Model | str | Path, data: Dataset | ImageData | str | Path | None = None, *, split: str = "val"
) -> ShortcutReport:
    """Look for marks that return in the pictures of one class, and tell those by which the model goes.

    A mark is a region with nearly the same pixels in many pictures of a class and in few of the others. It is pasted
    on pictures of other classes: the model goes by it if that changes answers to the mark's class more often than
    pixels of another picture at the same place do (paired sign test at 1 %, corrected for classes and marks, and at
    least 5 % of the answers, 10 % where the mark is in no corner). ``split`` is val or train.

    Raises:
        ModelError: the model is damaged, or does not know a class of the pictures.
        DatasetError: the dataset is missing, or has no such split; the test split stays sealed.
    """
    return result_of(looking_for_shortcuts(open_model(model, data), split))


def looking_for_shortcuts(opened: OpenedModel, split: str) -> Generator[Progress, None, ShortcutReport]:
    """Yield progress and return the report, as ``shortcuts``."""
    part, dataset, begin = opened.split(split), opened.dataset, time.monotonic()
    assert dataset is not None
    columns = columns_of(opened.model, dataset)
    chosen = _chosen(part, MOST)
    pictures, labels = part.rows(chosen), part.labels[chosen]
    yield Progress("reading", len(chosen), len(chosen), time.monotonic() - begin)
    tests, tried = [], 0
    looked_at = _with_training_pictures(dataset, split, pictures, labels)
    for tried, of, mark, test in _tested(opened.model.probabilities, looked_at, (pictures, labels), columns):
        tests.append((mark, test))
        yield Progress("shortcuts", tried, of, time.monotonic() - begin)
    found = [_shortcut(dataset, mark, test, chosen) for mark, test in gone_by(tests, len(dataset.classes))]
    notes = _notes(dataset, labels)
    found.sort(key=lambda one: -one.share)
    return ShortcutReport(split, len(chosen), tried, tuple(found), notes, opened.model.class_names)


def gone_by(tests: Sequence[tuple[Mark, Pasted]], classes: int) -> list[tuple[Mark, Pasted]]:
    """Return the marks by which a model goes: the test holds after Bonferroni's correction, and the change matters."""
    tried = max(len(tests), classes)
    return [
        (mark, test) for mark, test in tests
        if test.p * tried <= LEVEL and test.changed - test.control >= LEAST[_kind(mark)] * test.pictures
    ]  # fmt: skip


def _tested(
    answers: Answers, looked_at: Labelled, pasted_on: Labelled, columns: NDArray[np.int64]
) -> Iterator[tuple[int, int, Mark, Pasted]]:
    """Yield each mark in the pictures with what pasting it does, and how many of how many were tried."""
    marks = list(find_marks(*looked_at))
    for number, mark in enumerate(marks):
        yield number + 1, len(marks), mark, paste_test(answers, *pasted_on, mark, int(columns[mark.label]))


def _with_training_pictures(
    dataset: Dataset, split: str, pictures: NDArray[np.uint8], labels: NDArray[np.int64]
) -> Labelled:
    """Return what marks are looked for in: of a small validation split, training pictures as well, behind its own."""
    counts = np.bincount(labels, minlength=len(dataset.classes))
    if split == "train" or "train" not in dataset.splits or counts.min() >= ENOUGH:
        return pictures, labels
    train = dataset.splits["train"]
    chosen = _chosen(train, ENOUGH * 4 * len(dataset.classes))
    return np.concatenate([pictures, train.rows(chosen)]), np.concatenate([labels, train.labels[chosen]])


def _kind(mark: Mark) -> str:
    return kind_of(mark.box, mark.mask.shape[1], mark.mask.shape[0])


def _shortcut(dataset: Dataset, mark: Mark, test: Pasted, chosen: NDArray[np.int64]) -> Shortcut:
    kind, label = _kind(mark), dataset.classes[mark.label]
    message = Message(
        "{bearing} of {own} pictures of {label} have nearly the same pixels at the same place ({place}), and "
        "{others_bearing} of {others} pictures of other classes. The model goes by them: pasted on pictures of other "
        "classes they turn {share} % of the answers to {label2} (other pixels at this place: {control} %).",
        bearing=mark.bearing, own=mark.own, label=label,
        place=place_of(mark.box, dataset.width, dataset.height), others_bearing=mark.others_bearing,
        others=mark.others, share=f"{100 * test.changed / test.pictures:.0f}", label2=label,
        control=f"{100 * test.control / test.pictures:.0f}",
    )  # fmt: skip
    return Shortcut(
        kind, label, mark.box, test.changed / test.pictures, wilson(test.changed, test.pictures),
        test.control / test.pictures, test.p, mark.bearing, mark.own, mark.others_bearing, mark.others,
        tuple(chosen[mark.rows[mark.rows < len(chosen)][:SHOWN]].tolist()), message,
    )  # fmt: skip


def _notes(dataset: Dataset, labels: NDArray[np.int64]) -> tuple[str, ...]:
    counts = np.bincount(labels, minlength=len(dataset.classes))
    few = [name for name, count in zip(dataset.classes, counts.tolist()) if count < 20]
    if not few:
        return ()
    return (
        Message(
            "Of {classes} there are fewer than 20 pictures here: a mark in them may not be found.",
            classes=_listed(few),
        ),
    )


def _listed(names: Sequence[str]) -> str:
    more = Message(" and {problems} more", problems=len(names) - 5) if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _chosen(part: Split, most: int) -> NDArray[np.int64]:
    if len(part) <= most:
        return np.arange(len(part))
    return np.linspace(0, len(part) - 1, most).round().astype(np.int64)
