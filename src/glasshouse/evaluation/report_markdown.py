"""A report as Markdown: a message of many parts, which a page shows in its language."""

from collections.abc import Sequence
from typing import Any

from glasshouse.evaluation.wording import (
    class_columns,
    clean,
    confusions,
    headline,
    number,
    percent,
    span,
    worst,
)
from glasshouse.messages import Message, altered, joined

__all__ = ["as_markdown", "escape", "table"]

CLASSES = 100
MATRIX = 20
MARKS = {ord(c): f"\\{c}" for c in "\\`*_[]|#~"} | {ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"}


def as_markdown(report: dict[str, Any]) -> Message:
    """Return the words of ``Report.to_dict``, with messages, as Markdown: scores, warnings, classes, confusions."""
    rows = [[name, altered(text, escape)] for name, text in headline(report)]
    parts: list[str] = [table([Message("Score"), Message("Value")], rows)]
    parts += [joined("", ["> ", altered(text, escape)]) for text in report["warnings"]]
    parts += [joined("", ["### ", Message("Classes")]), _classes(report)]
    if len(report["classes"]) <= MATRIX:
        names = [escape(name) for name in report["classes"]]
        cells = [[name, *map(str, row)] for name, row in zip(names, report["confusion"])]
        title = Message("Confusion (row: the label, column: the prediction)")
        parts += [joined("", ["### ", title]), table(["", *names], cells)]
    elif found := confusions(report):
        cells = [[escape(truth), escape(taken), str(count)] for truth, taken, count in found]
        heads = [Message("Label"), Message("Predicted"), Message("Pictures")]
        parts += [joined("", ["### ", Message("The commonest confusions")]), table(heads, cells)]
    return joined("", [joined("\n\n", parts), "\n"])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Message:
    """Return a Markdown table of cells that are Markdown already; all columns but the first are to the right."""
    line = ["---", *["---:"] * (len(head) - 1)]
    return joined("\n", [_row(row) for row in (head, line, *rows)])


def escape(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line."""
    shown = text.translate(MARKS)
    return clean(shown)


def _row(cells: Sequence[str]) -> str:
    if any(isinstance(cell, Message) for cell in cells):
        return joined("", ["| ", joined(" | ", cells), " |"])
    return f"| {' | '.join(cells)} |"


def _classes(report: dict[str, Any]) -> Message:
    scores = worst(report, CLASSES)
    rows: list[list[str]] = [
        [escape(s["name"]), percent(s["precision"]), percent(s["recall"]),
         "–" if s["recall"] is None else span(s["interval"]), number(s["f1"]), str(s["support"])]
        for s in scores
    ]  # fmt: skip
    macro = report["macro"]
    mean = joined("", ["*", Message("mean"), "*"])
    rows.append([mean, percent(macro["precision"]), percent(macro["recall"]), "", number(macro["f1"]), ""])
    found, rest = table(class_columns(), rows), len(report["per_class"]) - len(scores)
    if not rest:
        return found
    return joined("\n\n", [found, Message("{rest} classes with a higher recall are left out.", rest=rest)])
