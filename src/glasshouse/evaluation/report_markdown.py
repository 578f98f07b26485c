"""A report as Markdown."""

from typing import Any

from glasshouse.evaluation.wording import clean, confusions, headline, number, percent, span, worst

__all__ = ["as_markdown", "escape", "table"]

CLASSES = 100
MATRIX = 20
MARKS = {ord(c): f"\\{c}" for c in "\\`*_[]|#~"} | {ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"}


def as_markdown(report: dict[str, Any]) -> str:
    """Return the words of ``Report.to_dict`` as Markdown: scores, warnings, classes, confusions."""
    parts = [table(["Score", "Value"], [[name, escape(text)] for name, text in headline(report)])]
    parts += [f"> {escape(text)}" for text in report["warnings"]]
    parts += ["### Classes", _classes(report)]
    if len(report["classes"]) <= MATRIX:
        names = [escape(name) for name in report["classes"]]
        rows = [[name, *map(str, row)] for name, row in zip(names, report["confusion"])]
        parts += ["### Confusion (row: the truth, column: what it was taken for)", table(["", *names], rows)]
    elif found := confusions(report):
        rows = [[escape(truth), escape(taken), str(count)] for truth, taken, count in found]
        parts += ["### The commonest confusions", table(["Truth", "Taken for", "Pictures"], rows)]
    return "\n\n".join(parts) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table of cells that are Markdown already; all columns but the first are to the right."""
    line = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, line, *rows])


def escape(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, on one line."""
    shown = text.translate(MARKS)
    return clean(shown)


def _classes(report: dict[str, Any]) -> str:
    scores = worst(report, CLASSES)
    head = ["Class", "Precision", "Recall", "95 % interval", "F1", "Pictures"]
    rows = [
        [escape(s["name"]), percent(s["precision"]), percent(s["recall"]),
         "–" if s["recall"] is None else span(s["interval"]), number(s["f1"]), str(s["support"])]
        for s in scores
    ]  # fmt: skip
    macro = report["macro"]
    rows.append(["*mean*", percent(macro["precision"]), percent(macro["recall"]), "", number(macro["f1"]), ""])
    rest = len(report["per_class"]) - len(scores)
    return table(head, rows) + (f"\n\n{rest} classes with a higher recall are left out." if rest else "")
