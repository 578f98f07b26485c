"""Cells of tables that people open in a spreadsheet."""

__all__ = ["cell"]


def cell(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
