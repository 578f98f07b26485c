"""A search as a person watches it, and its result in words."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from glasshouse.events import CandidateDone, CandidateScored, CandidateStarted, Event, Notice, Progress, SearchPhase
from glasshouse.training.display import clock, showing

__all__ = ["result_lines", "show_search"]


def show_search(events: Iterable[Event], stream: TextIO | None = None) -> None:
    """Run a search to its end and show it on ``stream`` (stderr): a line a candidate."""
    whats: dict[int, str] = {}
    told = set[int]()
    with showing(stream or sys.stderr) as display:
        for event in events:
            if isinstance(event, SearchPhase) and event.phase == "comparing":
                display.line("      accuracy     time   candidate")
            elif isinstance(event, CandidateDone | CandidateScored):
                if event.number not in told:
                    display.line(_candidate(event, whats))
                told.add(event.number)
            elif isinstance(event, CandidateStarted):
                whats[event.number] = event.what
            elif isinstance(event, Progress | Notice):
                display.tell(event)


def _candidate(event: CandidateDone | CandidateScored, whats: Mapping[int, str]) -> str:
    mark = "*" if event.best else " "
    what = f", {whats[event.number]}" if whats.get(event.number) else ""
    return (f"{event.number:4}{mark} {100 * event.accuracy:7.2f} %   {clock(event.seconds):>6}   {event.network}, "
            f"{event.strategy}{what}")  # fmt: skip


def result_lines(result: Mapping[str, Any]) -> list[str]:
    """Return what ``glasshouse search`` prints at its end."""
    best = result["best"]
    lines = [
        f"Left out  {_score(best['accuracy'], best['interval'])}  on training pictures that it did not learn from",
        f"Corrected {_score(best['corrected'], best['corrected_interval'])}  for being the best of "
        f"{len(result['candidates'])} candidates",
    ]
    if best["valid_accuracy"] is not None:
        lines.append(f"Judged    {_score(best['valid_accuracy'], best['valid_interval'])}  on the validation pictures, "
                     "which chose nothing")  # fmt: skip
    return [*lines, f"Time      {result['seconds']:.1f} s", f"Kept in   {best['run']}",
            f"Next      glasshouse predict {best['run']} PICTURE"]  # fmt: skip


def _score(accuracy: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * accuracy:.2f} %  (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
