"""What the process of a job watches while it works: that the job is still its own, and that somebody wants it.

It renews the job's lease every few seconds. It stops, and keeps its work, where its home was moved or deleted, where
Glasshouse was updated (the new one goes on, and one process never mixes the code of two), if a person aborted the
job and no worker is there to say so, or if no worker came back for long. It ends at once where the job was given to
another process: another computer took it over, because this one was not heard for a minute.
"""

import os
import signal
import threading
import time
from pathlib import Path

from glasshouse.errors import StoreError
from glasshouse.jobs.log_append import say
from glasshouse.messages import Message
from glasshouse.store.database import Store
from glasshouse.store.records import JobRecord
from glasshouse.store.versions import successor
from glasshouse.store.workers import LEASE, hold

__all__ = ["ALONE", "LeaseWatch", "vanish"]

BEAT = 5.0  # seconds between two looks
PATIENCE = 120.0  # seconds that a job has to keep its work before it is ended
ALONE = "GLASSHOUSE_ALONE_HOURS"  # environment: hours that a job goes on when there is no worker; 12 unless given


class LeaseWatch:
    """Looks every few seconds, in its own thread, from ``start`` to ``end``."""

    def __init__(self, store: Store, job: JobRecord, lock: Path) -> None:
        self.store = store
        self.job = job
        self._lock = lock
        self._held = _identity(lock)
        self._known = successor(store)  # begun by what is installed now, though another Studio may be open still
        self._alone = 3600 * float(os.environ.get(ALONE) or 12)
        self._renewed = time.monotonic()
        self._stopped: float | None = None
        self._ending = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, daemon=True).start()

    def end(self) -> None:
        """Stop watching: the job has ended."""
        self._ending.set()

    def look(self) -> None:
        """Look once."""
        if self._stopped is not None and time.monotonic() - self._stopped > PATIENCE:
            vanish(Message("it was asked to stop and did not"))
        if _identity(self._lock) != self._held:
            self._stop(Message("the Studio's home {home} was moved or deleted", home=self.store.home))
            return
        try:
            held = hold(self.store, self.job)
            other = successor(self.store)
        except StoreError as error:
            if self.store.shared and time.monotonic() - self._renewed > LEASE * 2 / 3:
                vanish(
                    Message(
                        "the database is out of reach, so another computer may take the job over ({error})", error=error
                    )
                )
            return
        self._renewed = time.monotonic()
        if self._ending.is_set():
            return
        if held is None:
            vanish(Message("the job was given to another process, or was deleted"))
        elif held.wish == "abort":
            self._stop(Message("a person aborted it"))
        elif other not in (None, self._known):
            self._stop(Message("the Studio was opened by {other}, which goes on with it", other=other))
        elif held.alone > self._alone:
            self._stop(
                Message(
                    "no worker was there for {alone} hours; start the Studio and it goes on",
                    alone=f"{self._alone / 3600:.3g}",
                )
            )

    def _watch(self) -> None:
        while not self._ending.wait(BEAT):
            self.look()

    def _stop(self, why: str) -> None:
        if self._stopped is None:
            self._stopped = time.monotonic()
            say(f"The job stops: {why}.\n")
            os.kill(os.getpid(), signal.SIGTERM)


def vanish(why: str) -> None:
    """End this process and those that it started, at once: another one does the job, or nobody wants it."""
    say(f"The job's process ends: {why}.\n")
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
