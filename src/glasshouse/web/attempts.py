"""How often somebody may try a wrong password."""

import threading
import time

__all__ = ["Attempts"]


class Attempts:
    """Counts tries at signing in: at most ``most`` wrong ones within ``seconds`` for a name and for an address."""

    def __init__(self, most: int = 8, seconds: float = 300.0) -> None:
        self.most = most
        self.seconds = seconds
        self._tried: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def begin(self, *keys: str) -> float:
        """Count a try with each of ``keys``; return for how many seconds there may be none (0: now).

        A try counts as wrong from its beginning, so that many at once are no way round; ``right`` takes it back.
        """
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            full = [self._tried[key] for key in keys if len(self._tried.get(key, ())) >= self.most]
            if full:
                return max(self.seconds - (now - times[-self.most]) for times in full)
            for key in keys:
                self._tried.setdefault(key, []).append(now)
        return 0.0

    def right(self, *keys: str) -> None:
        """Take back the last try: the password was right."""
        with self._lock:
            for key in keys:
                if self._tried.get(key):
                    self._tried[key].pop()

    def _forget(self, now: float) -> None:
        for key in list(self._tried):
            self._tried[key] = [at for at in self._tried[key] if now - at < self.seconds]
            if not self._tried[key]:
                del self._tried[key]
