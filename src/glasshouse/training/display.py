"""A training as a person watches it: a table of epochs, and a line with the time left, on stderr."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from glasshouse.events import EpochDone, Event, Notice, Progress, RunFinished, RunStarted, StepDone

__all__ = ["Display", "clock", "epoch_line", "show_training", "showing"]

HEADER = "  epoch   train loss   valid loss   train acc.   accuracy     time"
BAR = 24
SECONDS_BETWEEN = 0.1


def show_training(events: Iterable[Event], stream: TextIO | None = None) -> RunFinished | None:
    """Run a training to its end and show it on ``stream`` (stderr); return its last event."""
    finished = None
    with showing(stream or sys.stderr) as display:
        for event in events:
            display.tell(event)
            if isinstance(event, RunFinished):
                finished = event
    return finished


def epoch_line(event: EpochDone) -> str:
    """Return the epoch as a row of the table; a star marks the best one so far."""
    loss = "" if event.valid_loss is None else f"{event.valid_loss:.4f}"
    learned, accuracy = (
        "" if part is None else f"{100 * part:.2f} %" for part in (event.train_accuracy, event.valid_accuracy)
    )
    return (
        f"{event.epoch:7}   {event.train_loss:10.4f}   {loss:>10}   {learned:>10}   {accuracy:>8}   "
        f"{clock(event.seconds):>6}{'  *' if event.best else ''}{'  ' + event.phase if event.phase != 'train' else ''}"
        + "".join(
            f"   {name} {'-' if value is None else f'{value:.4f}'}" for name, value in (event.metrics or {}).items()
        )
    )


def clock(seconds: float) -> str:
    """Return seconds as 0:07, 12:34 or 1:02:03."""
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@contextmanager
def showing(stream: TextIO) -> Iterator["Display"]:
    """Give a display on ``stream``; the line that is written over is gone afterwards."""
    display = Display(stream)
    try:
        yield display
    finally:
        display.clear()


class Display:
    """Lines that stay, and one that is written over, if the stream is a terminal or a notebook."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty() or type(stream).__module__.startswith("ipykernel")
        self.width = 0
        self.shown = 0.0
        self.steps = (0, 0)  # an epoch's, all of them

    def tell(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, RunStarted):
            self.steps = event.steps_per_epoch, event.steps_per_epoch * event.epochs
            self.line(_started(event))
            self.line(HEADER)
        elif isinstance(event, Notice):
            self.line(f"{event.kind}: {event.message}")
        elif isinstance(event, EpochDone):
            self.line(epoch_line(event))
        elif isinstance(event, Progress):
            self.bar(event.stage, event.done, event.total, event.remaining)
        elif isinstance(event, StepDone):
            self.bar(f"epoch {event.epoch}, loss {event.loss:.3f}", event.step, self.steps[1], event.remaining)
        elif isinstance(event, RunFinished):
            self.line(_finished(event))

    def line(self, text: str) -> None:
        self.clear()
        print(text, file=self.stream, flush=True)

    def bar(self, what: str, done: int, total: int, left: float | None) -> None:
        if not self.live or (time.monotonic() - self.shown < SECONDS_BETWEEN and done < total):
            return
        self.shown = time.monotonic()
        full = BAR * done // max(1, total)
        rest = "" if left is None else f", {clock(left)} left"
        text = f"{what}  [{'#' * full}{'.' * (BAR - full)}] {done}/{total}{rest}"
        print(f"\r{text:<{self.width}}", end="", file=self.stream, flush=True)
        self.width = len(text)

    def clear(self) -> None:
        if self.width:
            print(f"\r{'':<{self.width}}\r", end="", file=self.stream, flush=True)
        self.width = 0


def _started(event: RunStarted) -> str:
    again = f", going on after step {event.resumed_step:,}" if event.resumed_step else ""
    trained = "" if event.trainable == event.parameters else f" ({event.trainable:,} of them trained)"
    return f"{event.network} with {event.parameters:,} parameters{trained} on {event.device}{again}"


def _finished(event: RunFinished) -> str:
    early = " (stopped early)" if event.reason == "early-stopping" else ""
    return f"{event.epochs} epochs{early} in {clock(event.seconds)}; the best was epoch {event.best_epoch}"
