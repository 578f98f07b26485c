"""Showing a dataset's making to a person: a bar with the time left, and what is odd, on stderr."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from glasshouse.events import DatasetReady, Event, Notice, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn, TaskID

__all__ = ["follow"]

_PATIENCE = 1.0  # seconds before a bar appears


def follow(events: Iterable[Event], stream: TextIO | None = None, notices: bool = True) -> DatasetReady | None:
    """Run a dataset's making to its end, showing it on ``stream`` (stderr); return the last event.

    The bar appears after a second, in terminals and notebooks only; notices are lines of text anywhere.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(file=stream or sys.stderr, soft_wrap=True, highlight=False)
    ready = None
    with Bar(*_columns(), console=console, transient=True, disable=not _live(console)) as bar:
        tasks: dict[str, TaskID] = {}
        for event in events:
            if isinstance(event, Progress) and (tasks or event.seconds + (event.remaining or 0) > _PATIENCE):
                _advance(bar, tasks, event)
            elif isinstance(event, Notice) and notices:
                console.print(f"{event.kind}: {event.message}", markup=False)
            elif isinstance(event, DatasetReady):
                ready = event
    return ready


def _live(console: "Console") -> bool:
    return console.is_terminal or console.is_jupyter


def _columns() -> "tuple[ProgressColumn, ...]":
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    return TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}")


def _advance(bar: "Bar", tasks: "dict[str, TaskID]", event: Progress) -> None:
    left = "" if event.remaining is None else f"{_clock(event.remaining)} left"
    if event.stage not in tasks:
        tasks[event.stage] = bar.add_task(event.stage, total=event.total, left=left)
    bar.update(tasks[event.stage], completed=event.done, total=event.total, left=left)


def _clock(seconds: float) -> str:
    whole = int(seconds + 0.5)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )
