"""What training tells: an event a batch, an event an epoch, and the History that `fit` gives back."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .compiling import Compiled

__all__ = ["BatchDone", "Control", "EpochEnd", "FitEvent", "History"]


class Control:
    """What a reader of the events may change while `fit_events` waits for it: stop, and the learning rate.

    Every event of a training carries the same one: ``for event in net.fit_events(x, y): event.control.stop = True``
    ends the training after that event; ``event.control.learning_rate *= 0.5`` holds from the next step on.
    """

    def __init__(self, compiled: "Compiled") -> None:
        self._compiled = compiled
        self.stop = False

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self._compiled.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._compiled.optimizer = replace(self._compiled.optimizer, learning_rate=float(rate))


@dataclass(frozen=True)
class BatchDone:
    """One step: epoch and batch from 0, and the number of batches; ``logs()`` computes the means so far."""

    epoch: int
    batch: int
    batches: int
    logs: Callable[[], dict[str, float]] = field(repr=False, compare=False)
    control: Control = field(repr=False, compare=False)


@dataclass(frozen=True)
class EpochEnd:
    """One epoch, from 0, of ``epochs``: means over its batches while the weights moved; val_ values after it."""

    epoch: int
    epochs: int
    batches: int
    logs: dict[str, float]
    seconds: float
    control: Control = field(repr=False, compare=False)


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
