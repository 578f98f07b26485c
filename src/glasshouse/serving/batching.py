"""Rows of requests that come at the same time, computed together: a thread a model, nothing waits for company."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from glasshouse.errors import BusyError
from glasshouse.export.prediction import Answer

__all__ = ["MOST", "Batcher"]

MOST = 32  # rows computed at once
WAITING = 1024  # rows that may wait
Rows = NDArray[np.uint8]


class Batcher:
    """Computes rows as they come: the first one at once, and those that came meanwhile together after it.

    ``compute`` gives an answer for each of rows (n, H, W, C), the same one beside any others. ``watch`` hears
    how many were computed together.
    """

    def __init__(
        self, compute: Callable[[Rows], Sequence[Answer]], watch: Callable[[int], None] = lambda _: None
    ) -> None:
        self._compute, self._watch = compute, watch
        self._queue: queue.Queue[tuple[Rows, Future[Answer]] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return self._queue.qsize()

    def submit(self, row: Rows) -> "Future[Answer]":
        """Return what will be the answer for a row (H, W, C).

        Raises:
            BusyError: too many rows wait.
        """
        answer: Future[Answer] = Future()
        try:
            self._queue.put_nowait((row, answer))
        except queue.Full:
            raise BusyError("Too many pictures wait for this model; try again in a few seconds.") from None
        return answer

    def end(self) -> None:
        """Compute what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = [first], False
            while len(batch) < MOST and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    last = True
                    break
                batch.append(following)
            self._answer(batch)
            if last:
                return

    def _answer(self, batch: list[tuple[Rows, "Future[Answer]"]]) -> None:
        wanted = [(row, answer) for row, answer in batch if answer.set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            found = self._compute(np.stack([row for row, _ in wanted]))
        except Exception as error:  # noqa: BLE001  (whoever waits gets it; the next batch must be computed)
            for _, answer in wanted:
                answer.set_exception(error)
            return
        self._watch(len(wanted))
        for (_, answer), one in zip(wanted, found):
            answer.set_result(one)
