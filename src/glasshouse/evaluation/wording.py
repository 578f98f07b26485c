"""Words and numbers of a report, shared by its three forms."""

import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = ["clean", "columns", "confusions", "headline", "number", "pad", "percent", "span", "worst"]


def percent(value: float | None) -> str:
    """Return a fraction as ``97.5 %``; None, which is 0/0, as a dash."""
    return "–" if value is None else f"{100 * value:.1f} %"


def span(interval: list[float]) -> str:
    """Return an interval of fractions as ``96.2–98.4 %``."""
    return f"{100 * interval[0]:.1f}–{100 * interval[1]:.1f} %"


def number(value: float | None) -> str:
    """Return a fraction with three digits; None, which is 0/0, as a dash."""
    return "–" if value is None else f"{value:.3f}"


def headline(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the first lines of a report, each with its name."""
    count = report["count"]
    right = round(report["accuracy"] * count)
    rows = [
        ("Accuracy", f"{percent(report['accuracy'])}  (95 % interval {span(report['interval'])}; "
                     f"{right:,} of {count:,} {report['split']} pictures)"),
        ("Loss", f"{report['loss']:.4f}"),
    ]  # fmt: skip
    if report["top5"] is not None:
        rows.append(("Top 5", percent(report["top5"])))
    for baseline in report["baselines"]:
        text = f"{percent(baseline['accuracy'])}  ({span(baseline['interval'])}; {baseline['description']})"
        rows.append(("Baseline", text))
    if report["openings"] is not None:
        rows.append(("Test part", _openings(report["openings"])))
    return rows


def worst(report: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """Return the scores of all classes, or where there are more than ``most``, those with the least recall."""
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


def _openings(before: int) -> str:
    if before == 0:
        return "opened now for the first time"
    return f"opened {'once' if before == 1 else f'{before} times'} before; each look makes its score less honest"
