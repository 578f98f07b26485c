"""Ctrl-C and SIGTERM as a request that the loop answers between two steps."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

__all__ = ["StopRequest", "Stopped", "check_interrupt", "interrupted_by", "stop_request"]

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


class Stopped(KeyboardInterrupt):
    """The training stopped between two steps because it was asked to; nothing is half-done."""


class StopRequest:
    """Whether a person or the system asked the training to stop."""

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Raise Stopped if a stop was asked for, or what ``interrupted_by`` raises."""
        if self.asked:
            raise Stopped
        check_interrupt()


def check_interrupt() -> None:
    """Raise what the check of ``interrupted_by`` raises; long computations without events call this between steps."""
    if (check := _check.get()) is not None:
        check()


@contextmanager
def interrupted_by(check: Callable[[], None]) -> Iterator[None]:
    """Within it, trainings call ``check`` between steps; it raises a Stopped where they are to stop."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Within it, the first Ctrl-C or SIGTERM only sets ``asked``; a second Ctrl-C interrupts at once.

    Outside of the main thread signals are left alone.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if request.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
