"""Output that never fails for its letters: a terminal that cannot show one gets the nearest that it can."""

import codecs
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["json_text", "make_safe", "progress_line"]

NAME = "glasshouse-readable"
STRICT = ("strict", "backslashreplace")  # what Python chooses by itself; what a person chose stays
SUBSTITUTES = {
    "–": "-", "—": "-", "‒": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "·": "|", "•": "*", "×": "x", "÷": "/",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "⇒": "=>", "↔": "<->", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~",
    "±": "+-", "√": "sqrt", "∞": "inf", "∂": "d", "Σ": "sum", "Π": "prod", "Δ": "delta", "∇": "grad", "α": "alpha",
    "β": "beta", "γ": "gamma", "ε": "eps", "λ": "lambda", "μ": "mu", "µ": "u", "π": "pi", "ρ": "rho", "σ": "sigma",
    "‘": "'", "’": "'", "“": '"', "”": '"', "✓": "ok", "✔": "ok", "✗": "x", "✘": "x", "°": " deg",
    "\N{NO-BREAK SPACE}": " ",
    "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "|", "▎": "|", "▏": "|", "░": ".", "▒": ":", "▓": "#",
    "▁": "_", "▂": "_", "▃": "_", "▄": "=", "▅": "=", "▆": "#", "▇": "#",
}  # fmt: skip


def make_safe() -> None:
    """Have stdout and stderr write every text; the letters that their encoding lacks are substituted or escaped."""
    codecs.register_error(NAME, _readable)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and getattr(stream, "errors", "") in STRICT:
            reconfigure(errors=NAME)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON that stdout can carry: letters as they are, or all escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return json.dumps(value, indent=indent)
    return text


@contextmanager
def progress_line() -> Iterator[Callable[[object], None]]:
    """Give what shows events of progress on one line of a terminal's stderr, which is empty again at the end."""
    from glasshouse.events import Progress

    def told(event: object) -> None:
        if isinstance(event, Progress) and sys.stderr.isatty():
            print(f"\r{event.stage} {event.done:,} of {event.total:,}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield told
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = "".join(map(_substitute, error.object[error.start : error.end]))
    return found, error.end


def _substitute(letter: str) -> str:
    if letter in SUBSTITUTES:
        return SUBSTITUTES[letter]
    if "\u2500" <= letter <= "\u257f":  # box drawing
        name = unicodedata.name(letter)
        straight = " AND " not in name
        return "-" if straight and "HORIZONTAL" in name else "|" if straight and "VERTICAL" in name else "+"
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    if plain and not plain.isspace():
        return plain
    return "" if unicodedata.combining(letter) else letter.encode("ascii", "backslashreplace").decode()
