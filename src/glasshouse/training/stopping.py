"""Which epoch is the best so far, and when to stop early: small frozen states that a checkpoint can hold."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

__all__ = ["Watch"]


@dataclass(frozen=True)
class Watch:
    """Watches a value that should fall (``valid_loss``) or rise (``valid_accuracy``) from epoch to epoch.

    A value counts as better when it passes the best one by more than ``min_delta``; ``patience`` None never stops.
    A NaN is never better.
    """

    monitor: str
    min_delta: float = 0.0
    patience: int | None = None
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0

    def after(self, epoch: int, value: float) -> "Watch":
        """Return the watch after ``epoch`` (from 1) ended with ``value``."""
        if self._better(value):
            return replace(self, best=value, best_epoch=epoch, waited=0)
        return replace(self, waited=self.waited + 1)

    @property
    def stop(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self.waited >= self.patience

    def sound(self, epochs: int) -> bool:
        """Whether a watch that was read can be one of a training of ``epochs`` epochs so far."""
        counts = (self.best_epoch, self.waited)
        numbers = [value for value in (self.best, self.min_delta) if value is not None]
        return (
            self.monitor in ("train_loss", "valid_loss", "valid_accuracy")
            and all(type(value) is int and 0 <= value <= epochs for value in counts)
            and (self.patience is None or (type(self.patience) is int and self.patience >= 1))
            and all(type(value) in (int, float) and not math.isnan(value) for value in numbers)
            and (self.best is None) == (self.best_epoch == 0)
        )

    def _better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self.best is None:
            return True
        gain = value - self.best if self.monitor == "valid_accuracy" else self.best - value
        return gain > self.min_delta

    def to_dict(self) -> dict[str, Any]:
        """Return the watch as data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the watch that ``to_dict`` gave."""
        return cls(**data)
