"""A report as HTML for a notebook: tables, and a confusion matrix with shaded cells."""

from html import escape
from typing import Any

from glasshouse.evaluation.confusion_table import CELL, confusion_table
from glasshouse.evaluation.wording import class_columns, confusions, headline, number, percent, span, worst

__all__ = ["as_html"]

CLASSES = 100
MATRIX = 40
TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0; color: inherit">'


def as_html(report: dict[str, Any]) -> str:
    """Return the words of ``Report.to_dict`` as HTML that takes its colours from the page around it."""
    parts = [_table([], [[name, text] for name, text in headline(report)], last="left")]
    parts += [f"<p>\N{WARNING SIGN} {escape(text)}</p>" for text in report["warnings"]]
    parts.append(_classes(report))
    if len(report["classes"]) <= MATRIX:
        parts.append(_matrix(report))
    else:
        rows = [[truth, taken, str(count)] for truth, taken, count in confusions(report)]
        parts.append(_table(["Label", "Predicted", "Pictures"], rows))
    return f'<div class="glasshouse-report">{"".join(parts)}</div>'


def _classes(report: dict[str, Any]) -> str:
    rows = [
        [s["name"], percent(s["precision"]), percent(s["recall"]),
         "–" if s["recall"] is None else span(s["interval"]), number(s["f1"]), f"{s['support']:,}"]
        for s in worst(report, CLASSES)
    ]  # fmt: skip
    return _table(class_columns(), rows)


def _matrix(report: dict[str, Any]) -> str:
    caption = "Confusion: the label in rows, the prediction in columns"
    return confusion_table(
        report["classes"], report["confusion"], title=_cell_title, number=_cell_text, caption=caption, colours=True
    )


def _cell_title(truth: str, answer: str, count: int) -> str:
    return f"label {truth}, predicted {answer}: {count}"


def _cell_text(count: int) -> str:
    return str(count or "")


def _table(head: list[str], rows: list[list[str]], last: str = "right") -> str:
    titles = "".join(f'<th style="{CELL}{_side(k, last)}">{escape(text)}</th>' for k, text in enumerate(head))
    lines = "".join(
        "<tr>" + "".join(f'<td style="{CELL}{_side(k, last)}">{escape(c)}</td>' for k, c in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"{TABLE}{f'<tr>{titles}</tr>' if head else ''}{lines}</table>"


def _side(column: int, last: str) -> str:
    return "left" if column == 0 else last
