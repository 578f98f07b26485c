"""A report as HTML for a notebook: tables, and a confusion matrix with shaded cells."""

from html import escape
from typing import Any

from glasshouse.evaluation.wording import confusions, headline, number, percent, span, worst

__all__ = ["as_html"]

CLASSES = 100
MATRIX = 40
RIGHT, WRONG = "67, 160, 71", "239, 83, 80"  # green and red, laid over the page's own background
TABLE = '<table style="border-collapse: collapse; margin: 0.5em 0; color: inherit">'
CELL = "padding: 0.15em 0.6em; text-align: "


def as_html(report: dict[str, Any]) -> str:
    """Return the words of ``Report.to_dict`` as HTML that takes its colours from the page around it."""
    parts = [_table([], [[name, text] for name, text in headline(report)], last="left")]
    parts += [f"<p>\N{WARNING SIGN} {escape(text)}</p>" for text in report["warnings"]]
    parts.append(_classes(report))
    if len(report["classes"]) <= MATRIX:
        parts.append(_matrix(report))
    else:
        rows = [[truth, taken, str(count)] for truth, taken, count in confusions(report)]
        parts.append(_table(["Truth", "Taken for", "Pictures"], rows))
    return f'<div class="glasshouse-report">{"".join(parts)}</div>'


def _classes(report: dict[str, Any]) -> str:
    head = ["Class", "Precision", "Recall", "95 % interval", "F1", "Pictures"]
    rows = [
        [s["name"], percent(s["precision"]), percent(s["recall"]),
         "–" if s["recall"] is None else span(s["interval"]), number(s["f1"]), f"{s['support']:,}"]
        for s in worst(report, CLASSES)
    ]  # fmt: skip
    return _table(head, rows)


def _matrix(report: dict[str, Any]) -> str:
    names = report["classes"]
    head = "".join(f'<th style="{CELL}right">{escape(name)}</th>' for name in names)
    body = "".join(
        f'<tr><th style="{CELL}left">{escape(name)}</th>{_shaded(i, row, names)}</tr>'
        for i, (name, row) in enumerate(zip(names, report["confusion"]))
    )
    caption = "<caption>Confusion: the truth in rows, what it was taken for in columns</caption>"
    return f"{TABLE}{caption}<tr><th></th>{head}</tr>{body}</table>"


def _shaded(truth: int, row: list[int], names: list[str]) -> str:
    cells = []
    total = max(1, sum(row))
    for taken, count in enumerate(row):
        color = RIGHT if truth == taken else WRONG
        shade = 0.0 if count == 0 else 0.15 + 0.4 * count / total
        title = escape(f"{names[truth]} taken for {names[taken]}: {count}", quote=True)
        style = f"{CELL}right; background: rgba({color}, {shade:.2f})"
        cells.append(f'<td title="{title}" style="{style}">{count or ""}</td>')
    return "".join(cells)


def _table(head: list[str], rows: list[list[str]], last: str = "right") -> str:
    titles = "".join(f'<th style="{CELL}{_side(k, last)}">{escape(text)}</th>' for k, text in enumerate(head))
    lines = "".join(
        "<tr>" + "".join(f'<td style="{CELL}{_side(k, last)}">{escape(c)}</td>' for k, c in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"{TABLE}{f'<tr>{titles}</tr>' if head else ''}{lines}</table>"


def _side(column: int, last: str) -> str:
    return "left" if column == 0 else last
