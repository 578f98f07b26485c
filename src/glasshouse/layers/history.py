"""What training tells: an event a batch, an event an epoch, and the History that `fit` gives back."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["BatchDone", "EpochEnd", "FitEvent", "History"]


@dataclass(frozen=True)
class BatchDone:
    """One step: epoch and batch from 0, and the number of batches; ``logs()`` computes the means so far."""

    epoch: int
    batch: int
    batches: int
    logs: Callable[[], dict[str, float]] = field(repr=False, compare=False)


@dataclass(frozen=True)
class EpochEnd:
    """One epoch, from 0, of ``epochs``: means over its batches while the weights moved; val_ values after it."""

    epoch: int
    epochs: int
    batches: int
    logs: dict[str, float]
    seconds: float


FitEvent: TypeAlias = BatchDone | EpochEnd


@dataclass
class History:
    """The numbers of a training: ``history["val_loss"]`` is a list, an entry an epoch."""

    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: list[int] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[FitEvent], verbose: int = 0) -> "History":
        """Run a training to its end and keep its numbers; one line per epoch on stderr where verbose."""
        found = cls(params={"verbose": verbose})
        for event in events:
            if isinstance(event, EpochEnd):
                found.add(event)
                if verbose:
                    sys.stderr.write(line(event) + "\n")
        return found

    def add(self, event: EpochEnd) -> None:
        """Keep one epoch."""
        self.params |= {"epochs": event.epochs, "steps": event.batches}
        self.epoch.append(event.epoch)
        for name, value in event.logs.items():
            self.history.setdefault(name, []).append(value)


def line(event: EpochEnd) -> str:
    """Epoch 1/5  3 s  loss 0.5123  accuracy 0.8123."""
    numbers = "  ".join(f"{name} {value:.4f}" for name, value in event.logs.items())
    return f"Epoch {event.epoch + 1}/{event.epochs}  {event.seconds:.1f} s  {numbers}"
