"""How often somebody may try a wrong password."""

import threading
import time

__all__ = ["Attempts"]


class Attempts:
    """Counts failed sign-ins: at most ``most`` within ``seconds`` for a name and for an address."""

    def __init__(self, most: int = 8, seconds: float = 300.0) -> None:
        self.most = most
        self.seconds = seconds
        self._failed: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def wait(self, *keys: str) -> float:
        """Return for how many seconds nobody may try with one of ``keys`` (0: now)."""
        now = time.monotonic()
        with self._lock:
            for key in list(self._failed):
                self._failed[key] = [at for at in self._failed[key] if now - at < self.seconds]
                if not self._failed[key]:
                    del self._failed[key]
            full = [self._failed[key] for key in keys if len(self._failed.get(key, ())) >= self.most]
        return max((self.seconds - (now - times[-self.most]) for times in full), default=0.0)

    def failed(self, *keys: str) -> None:
        """Count a failed try."""
        with self._lock:
            for key in keys:
                self._failed.setdefault(key, []).append(time.monotonic())
