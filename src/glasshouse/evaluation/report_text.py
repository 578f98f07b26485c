"""A report as plain text for a terminal."""

from typing import Any

from glasshouse.evaluation.wording import clean, columns, confusions, headline, number, pad, percent, span, worst

__all__ = ["as_text"]

CLASSES = 30
MATRIX = 12


def as_text(report: dict[str, Any]) -> str:
    """Return the words of ``Report.to_dict`` as text: scores, warnings, classes, confusions."""
    parts = [[f"{name:<10} {clean(text)}" for name, text in headline(report)]]
    parts.append([f"Note: {clean(text)}" for text in report["warnings"]])
    parts.append(_classes(report))
    parts.append(_matrix(report) if len(report["classes"]) <= MATRIX else _mistakes(report))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _classes(report: dict[str, Any]) -> list[str]:
    scores = worst(report, CLASSES)
    head = ["Class", "precision", "recall", "95 % interval", "F1", "pictures"]
    rows = [
        [clean(s["name"]), percent(s["precision"]), percent(s["recall"]), _interval(s), number(s["f1"]),
         f"{s['support']:,}"]
        for s in scores
    ]  # fmt: skip
    macro = report["macro"]
    mean = ["(mean)", percent(macro["precision"]), percent(macro["recall"]), "", number(macro["f1"]), ""]
    lines = table([head, *rows, mean])
    if len(scores) < len(report["per_class"]):
        lines.append(f"These are the {len(scores)} of {len(report['per_class'])} classes with the least recall.")
    return lines


def _interval(score: dict[str, Any]) -> str:
    return "–" if score["recall"] is None else span(score["interval"])


def _matrix(report: dict[str, Any]) -> list[str]:
    names = [clean(name) for name in report["classes"]]
    rows = [[name, *(str(n) if n else "·" for n in row)] for name, row in zip(names, report["confusion"])]
    return ["Confusion (row: the label, column: the prediction)", *table([["", *names], *rows])]


def _mistakes(report: dict[str, Any]) -> list[str]:
    found = confusions(report)
    lines = [f"  label {clean(truth)}, predicted {clean(taken)}: {count}" for truth, taken, count in found]
    return ["The commonest confusions", *lines] if lines else []


def table(rows: list[list[str]]) -> list[str]:
    """Return rows of cells as lines: the first column to the left, the others to the right."""
    widths = [max(columns(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(pad(cell, width, right=k > 0) for k, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows
    ]
