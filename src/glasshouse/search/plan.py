"""What is asked of a search: a time or a number of candidates, and how it is stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SearchPlan"]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class SearchPlan:
    """``minutes`` counted from ``begun`` (by ``clock``), or a number of ``candidates``; neither: until it is stopped.

    ``refit`` trains the winner on training and validation pictures too. ``stop`` is asked between any two steps: once
    it answers True, no further candidate is tried, and the winner so far is trained and judged. ``clock`` counts
    seconds. ``sized`` says in which folder the pictures are put at another size in pixels; without it, in one of the
    search's own.
    """

    minutes: float | None = 10.0
    candidates: int | None = None
    refit: bool = False
    seed: int = 42
    begun: float | None = None
    stop: Callable[[], bool] = _never
    clock: Callable[[], float] = time.monotonic
    sized: Callable[[int], Path] | None = None

    @property
    def seconds(self) -> float:
        """The seconds that the search may take, infinity without a limit."""
        return float("inf") if self.candidates is not None or self.minutes is None else 60 * self.minutes
