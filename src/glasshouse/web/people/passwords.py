"""Looking at passwords: argon2 takes 64 MiB and a core each time, so a few at once, and the others wait their turn."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from glasshouse.store.people import HASHES_AT_ONCE

__all__ = ["PasswordQueue", "QueueFullError"]

Result = TypeVar("Result")


class QueueFullError(Exception):
    """More people sign in at this moment than can be answered soon."""


class PasswordQueue:
    """Runs work that looks at a password in its own threads, so that pages never wait for sign-ins.

    ``most`` may be waiting or running; one address may have half of these, so that it does not shut others out.
    """

    def __init__(self, at_once: int = HASHES_AT_ONCE, most: int = 128) -> None:
        self.most = most
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._inside: dict[str, int] = {}
        self._lock = threading.Lock()

    async def run(self, address: str, work: Callable[[], Result]) -> Result:
        """Return what ``work`` returns, when its turn came.

        Raises:
            QueueFullError: too many wait already.
        """
        with self._lock:
            if sum(self._inside.values()) >= self.most or self._inside.get(address, 0) >= max(1, self.most // 2):
                raise QueueFullError
            self._inside[address] = self._inside.get(address, 0) + 1
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._leave(address)
            raise
        future.add_done_callback(lambda _: self._leave(address))
        return await asyncio.shield(asyncio.wrap_future(future))

    def _leave(self, address: str) -> None:
        with self._lock:
            self._inside[address] -= 1
            if not self._inside[address]:
                del self._inside[address]
