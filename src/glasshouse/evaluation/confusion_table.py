"""The confusion matrix as an HTML table: drawn here for the Studio's page, the report and the notebook alike."""

from collections.abc import Callable, Sequence
from html import escape

__all__ = ["OFTEN", "confusion_table", "shade"]

OFTEN = 0.10  # a class that is taken for another more often than this, as a fraction of its pictures, stands out
GREEN, RED = "67, 160, 71", "239, 83, 80"  # laid over the page's own background
CELL = "padding: 0.15em 0.6em; text-align: "


def shade(count: int, total: int, *, right: bool) -> str:
    """Return the name of a cell's colour: ``heat0`` (nothing) to ``heat4`` on the diagonal, ``wrong1`` or ``wrong2``.

    Args:
        count: pictures in the cell.
        total: pictures in its row, which are all pictures of the class.
        right: the cell is on the diagonal.
    """
    if count == 0 or total == 0:
        return "heat0"
    if right:
        return f"heat{1 + min(3, int(4 * count / total))}"
    return "wrong2" if count > OFTEN * total else "wrong1"


def confusion_table(
    names: Sequence[str],
    matrix: Sequence[Sequence[int]],
    *,
    title: Callable[[str, str, int], str],
    number: Callable[[int], str] = "{:,}".format,
    link: Callable[[int, int], str] | None = None,
    caption: str = "",
    colours: bool = False,
) -> str:
    """Return the matrix (K, K), the truth in rows, as ``<table class="matrix">``; every text in it is escaped.

    Args:
        names: the K classes.
        title: what a cell says of itself when it is pointed at, from truth, answer and count.
        number: how a count is written.
        link: the address of a cell's pictures, from the numbers of both classes; cells of 0 have none.
        caption: a line above the table.
        colours: write the colours into the cells, for a place without the Studio's style sheet.
    """
    side = {"left": f' style="{CELL}left"', "right": f' style="{CELL}right"'} if colours else {"left": "", "right": ""}
    heads = "".join(_head("col", side["right"], name) for name in names)
    rows = []
    for i, row in enumerate(matrix):
        cells = []
        for j, count in enumerate(row):
            said = escape(title(names[i], names[j], count), quote=True)
            text = escape(number(count))
            if link is not None and count:
                text = f'<a href="{escape(link(i, j), quote=True)}">{text}</a>'
            look = _colour(count, sum(row), i == j) if colours else f'class="{shade(count, sum(row), right=i == j)}"'
            cells.append(f'<td title="{said}" {look}>{text}</td>')
        rows.append(f"<tr>{_head('row', side['left'], names[i])}{''.join(cells)}</tr>")
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    whole = ' style="border-collapse: collapse; margin: 0.5em 0; color: inherit"' if colours else ""
    head = f'<thead><tr><th scope="col"></th>{heads}</tr></thead>'
    return f'<table class="matrix"{whole}>{above}{head}<tbody>{"".join(rows)}</tbody></table>'


def _head(scope: str, style: str, name: str) -> str:
    return f'<th scope="{scope}" title="{escape(name, quote=True)}"{style}>{escape(name)}</th>'


def _colour(count: int, total: int, right: bool) -> str:
    strength = 0.0 if count == 0 else 0.15 + 0.4 * count / total
    return f'style="{CELL}right; background: rgba({GREEN if right else RED}, {strength:.2f})"'
