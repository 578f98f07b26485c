"""Words and numbers of a report, shared by its three forms: messages, which a page shows in its language."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from glasshouse.messages import Message

__all__ = [
    "class_columns",
    "clean",
    "columns",
    "confusions",
    "headline",
    "number",
    "pad",
    "percent",
    "span",
    "split_word",
    "worst",
]


def percent(value: float | None) -> str:
    """Return a fraction as ``97.5 %``; None, which is 0/0, as a dash."""
    return "–" if value is None else Message("{value} %", value=f"{100 * value:.1f}")


def span(interval: Sequence[float]) -> str:
    """Return an interval of fractions as ``96.2–98.4 %``."""
    return Message("{low}–{high} %", low=f"{100 * interval[0]:.1f}", high=f"{100 * interval[1]:.1f}")


def number(value: float | None) -> str:
    """Return a fraction with three digits; None, which is 0/0, as a dash."""
    return "–" if value is None else f"{value:.3f}"


def split_word(split: str) -> str:
    """Return the name of a split as a message; a name that is none of ours stays as it is."""
    known = {"train": Message("train"), "val": Message("val"), "test": Message("test")}
    return known.get(split, split)


def class_columns() -> list[str]:
    """Return the heads of the table of classes."""
    return [Message("Class"), Message("Precision"), Message("Recall"), Message("95 % interval"), "F1",
            Message("Pictures")]  # fmt: skip


def headline(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the first lines of a report, each with its name."""
    accuracy = Message(
        "{accuracy}  (95 % interval {interval}; {right} of {count} {split} pictures)",
        accuracy=percent(report["accuracy"]),
        interval=span(report["interval"]),
        right=f"{round(report['accuracy'] * report['count']):,}",
        count=f"{report['count']:,}",
        split=split_word(report["split"]),
    )
    rows: list[tuple[str, str]] = [(Message("Accuracy"), accuracy), (Message("Loss"), f"{report['loss']:.4f}")]
    if report["top5"] is not None:
        rows.append((Message("Top 5"), percent(report["top5"])))
    rows += [(Message("Baseline"), _baseline(baseline)) for baseline in report["baselines"]]
    if report["openings"] is not None:
        rows.append((Message("Test set"), _openings(report["openings"])))
    return rows


def _baseline(baseline: dict[str, Any]) -> Message:
    return Message(
        "{accuracy}  ({interval}; {description})",
        accuracy=percent(baseline["accuracy"]),
        interval=span(baseline["interval"]),
        description=baseline["description"],
    )


def worst(report: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Return the scores of all classes, or if there are more than ``most``, those with the least recall."""
    scores: list[dict[str, Any]] = report["per_class"]
    if len(scores) <= most:
        return scores
    return sorted(scores, key=lambda row: (row["recall"] is None, row["recall"] or 0.0))[:most]


def confusions(report: Mapping[str, Any], most: int = 10) -> list[tuple[str, str, int]]:
    """Return the commonest mistakes as (truth, taken for, how often), commonest first."""
    names, matrix = report["classes"], report["confusion"]
    cells = [
        (names[i], names[j], count)
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count > 0
    ]
    return sorted(cells, key=lambda cell: -cell[2])[:most]


def clean(text: str) -> str:
    """Return ``text`` on one line with nothing that a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` filled with spaces to ``width`` columns of a terminal; wide letters take two."""
    space = " " * max(0, width - columns(text))
    return space + text if right else text + space


def columns(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    joined = sum(unicodedata.combining(c) > 0 for c in text)
    return len(text) + wide - joined


def _openings(before: int) -> Message:
    if before == 0:
        return Message("opened now for the first time")
    if before == 1:
        return Message("opened once before; each look makes its score less honest")
    return Message("opened {before} times before; each look makes its score less honest", before=before)
