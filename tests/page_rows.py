"""The rows of "What differs, and why" on a From page."""

import re
from pathlib import Path

__all__ = ["DOCS", "left_cells"]

DOCS = Path(__file__).resolve().parents[1] / "docs"


def left_cells(name: str) -> list[str]:
    """The first cell of each row of the page's table of three columns."""
    text = (DOCS / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.*?) \| (.*?) ?\|$", text[text.index("|---|---|---|") :], re.M)
    return [row[0] for row in rows]
