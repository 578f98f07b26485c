"""What the page of a result says of a report: its matrix, its commonest confusions, and what to keep in mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlencode

from glasshouse.evaluation.confusion_table import confusion_table
from glasshouse.evaluation.reliability import FEW_FOR_CALIBRATION, not_beaten
from glasshouse.evaluation.wording import confusions
from glasshouse.web.framework.language import count, texts

__all__ = ["ClassRow", "ReportRead", "ShownReport", "shown_report"]

MATRIX = 25  # classes; of more, the commonest confusions are listed instead
LISTED, LISTED_ALONE = 8, 20  # of the commonest confusions, below the matrix and in its place
FEW_CLASSES = 4  # up to these the matrix is seen at a glance


class ClassRow(TypedDict):
    """A class in a report: fractions 0..1, None if nothing is known."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    interval: Sequence[float]


class BaselineRow(TypedDict):
    """A simple rule in a report."""

    name: str
    accuracy: float
    interval: Sequence[float]
    description: str


class ReportRead(TypedDict):
    """A report as it is read from its file: what pages take of the words of ``Report.to_dict``."""

    accuracy: float
    interval: Sequence[float]
    loss: float
    count: int
    baselines: Sequence[BaselineRow]
    top5: float | None
    classes: Sequence[str]
    per_class: Sequence[ClassRow]
    confusion: Sequence[Sequence[int]]
    notes: Sequence[str]


@dataclass(frozen=True)
class ShownReport:
    """The matrix as HTML, empty if there are too many classes; the commonest confusions, each with its address.

    ``unbeaten`` is the accuracy of a simple rule that the model does not clearly beat; of few pictures the calibration
    is known only ``roughly``.
    """

    matrix: str
    confusions: Sequence[tuple[str, str]]
    unbeaten: float | None
    roughly: bool


def shown_report(
    report: ReportRead, split: str, place: str, language: str, shown: Mapping[str, str] | None = None
) -> ShownReport:
    """Return what the page says of a report.

    Args:
        report: as it was read.
        place: the address of the pictures of a cell, without its query; empty if they are not known one by one.
        language: of ``LANGUAGES``.
        shown: the display names of classes that have one.
    """
    names, matrix = report["classes"], ""
    said = texts(language).gettext("label %(truth)s, predicted %(taken)s: %(count)s")

    def named(name: str) -> str:
        return (shown or {}).get(name, name)

    def link(truth: int, answer: int) -> str:
        return f"{place}?{urlencode({'split': split, 'truth': truth, 'answer': answer})}"

    def title(truth: str, taken: str, number: int) -> str:
        return said % {"truth": truth, "taken": taken, "count": count(number, language)}

    small = len(names) <= MATRIX
    if small:
        matrix = confusion_table(
            [named(name) for name in names], report["confusion"], title=title, number=lambda n: count(n, language),
            link=link if place else None,
        )  # fmt: skip
    row = {name: number for number, name in enumerate(names)}
    common = confusions(report, LISTED if small else LISTED_ALONE) if len(names) > FEW_CLASSES else []
    return ShownReport(
        matrix,
        confusions=[(title(named(a), named(b), n), link(row[a], row[b]) if place else "") for a, b, n in common],
        unbeaten=not_beaten(report["interval"][0], [one["accuracy"] for one in report["baselines"]]),
        roughly=report["count"] < FEW_FOR_CALIBRATION,
    )
