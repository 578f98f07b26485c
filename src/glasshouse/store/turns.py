"""Whose turn it is: so much work at once, for each person less than all of it, and nobody waits without an end."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from glasshouse.errors import BusyError

__all__ = ["Turns", "asking", "who_asks"]

_asker: ContextVar[str] = ContextVar("glasshouse_asker", default="")


@contextmanager
def asking(who: str) -> Iterator[None]:
    """Have the work within counted as asked for by ``who``: an account, or an address if there are no accounts."""
    before = _asker.set(who)
    try:
        yield
    finally:
        _asker.reset(before)


def who_asks() -> str:
    """Return who asks for the work that is being done, "" if nobody said so."""
    return _asker.get()


class Turns:
    """At most ``count`` at work, ``each`` of them for one person; of those who wait, who has least at work is first.

    ``waiting`` are the most who wait, ``each_waiting`` those of one person; who comes beyond that is sent away at once.
    """

    def __init__(self, count: int, each: int, waiting: int, each_waiting: int) -> None:
        self.count, self.each, self.waiting, self.each_waiting = count, each, waiting, each_waiting
        self._at_work: Counter[str] = Counter()
        self._queue: list[tuple[object, str]] = []
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, patience: float, who: str | None = None) -> Iterator[None]:
        """Wait for a turn of at most ``patience`` seconds' wait, and hold it.

        Raises:
            BusyError: too many wait, or the turn did not come.
        """
        name = who_asks() if who is None else who
        self._begin(name, patience)
        try:
            yield
        finally:
            with self._changed:
                self._at_work[name] -= 1
                self._at_work += Counter()  # forget who has nothing at work
                self._changed.notify_all()

    def _begin(self, who: str, patience: float) -> None:
        ticket = (object(), who)
        with self._changed:
            if sum(name == who for _, name in self._queue) >= self.each_waiting:
                raise _busy(mine=True)
            if len(self._queue) >= self.waiting:
                raise _busy(mine=False)
            self._queue.append(ticket)
            end = time.monotonic() + patience
            try:
                while self._next() is not ticket:
                    if not self._changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                        raise _busy(mine=self._at_work[who] >= self.each)
                self._at_work[who] += 1
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _next(self) -> tuple[object, str] | None:
        """Return the ticket whose turn it is, None while all who work are needed."""
        if self._at_work.total() >= self.count:
            return None
        may = [ticket for ticket in self._queue if self._at_work[ticket[1]] < self.each]
        return min(may, key=lambda ticket: self._at_work[ticket[1]], default=None)


def _busy(*, mine: bool) -> BusyError:
    if mine:
        return BusyError("You have too many requests open at once; wait until some of them are answered.", mine=True)
    return BusyError("Many people are requesting this right now; try again in a moment.")
