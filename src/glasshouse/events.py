"""What a job says while it works: small records that a loop around it prints, stores or draws.

Every event is frozen, has a ``type`` and turns into one line of JSON and back::

    for event in train(recipe, out):
        if isinstance(event, EpochDone):
            print(event.epoch, event.valid_loss)
"""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

from glasshouse.messages import with_messages, with_parts

__all__ = [
    "EVENTS",
    "CandidateDone",
    "CandidateScored",
    "CandidateStarted",
    "CheckpointSaved",
    "DatasetReady",
    "EpochDone",
    "Event",
    "LayersMeasured",
    "Notice",
    "Progress",
    "RunFinished",
    "RunStarted",
    "SearchFinished",
    "SearchPhase",
    "StepDone",
    "event_from_json",
    "result_of",
]

Result = TypeVar("Result")
Step = TypeVar("Step")


@dataclass(frozen=True)
class Event:
    """The base of all events."""

    type: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the event as a dictionary that JSON can hold; ``type`` names its class."""
        found: dict[str, Any] = with_parts({"type": self.type, **asdict(self)})
        return found

    def to_json(self) -> str:
        """Return the event as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the event from what ``to_dict`` gave; unknown keys of a later version are passed over."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in with_messages(data).items() if key in known})


@dataclass(frozen=True)
class Progress(Event):
    """Work in countable pieces: ``stage`` (such as ``reading``), pieces done of total, seconds so far and left."""

    type: ClassVar[str] = "progress"
    stage: str
    done: int
    total: int
    seconds: float
    remaining: float | None = None


@dataclass(frozen=True)
class Notice(Event):
    """Something a person should know: ``kind`` is a short word for programs, ``message`` the sentence."""

    type: ClassVar[str] = "notice"
    kind: str
    message: str


@dataclass(frozen=True)
class DatasetReady(Event):
    """A dataset is whole on disk; ``reused`` tells that it had been made before."""

    type: ClassVar[str] = "dataset-ready"
    path: str
    fingerprint: str
    reused: bool


@dataclass(frozen=True)
class RunStarted(Event):
    """A training begins, or goes on after ``resumed_step`` optimiser steps (0: from the start)."""

    type: ClassVar[str] = "run-started"
    run: str
    network: str
    device: str
    epochs: int
    steps_per_epoch: int
    parameters: int
    trainable: int
    resumed_step: int = 0


@dataclass(frozen=True)
class StepDone(Event):
    """One optimiser step: its number from 1, the mean loss of its pictures, the learning rate it used."""

    type: ClassVar[str] = "step"
    step: int
    epoch: int
    loss: float
    lr: float
    grad_norm: float
    seconds: float
    remaining: float | None = None


@dataclass(frozen=True)
class EpochDone(Event):
    """One epoch, from 1: mean training loss, loss and accuracy on the validation pictures (None without them).

    ``train_accuracy`` counts the right answers of its steps, each given before the weights moved, on the pictures as
    they were shown (augmented), with dropout on, as Keras counts; of mixed pictures the class with the larger part
    is the right one. None in runs that were made before it was counted. ``metrics`` are the further scores on the
    validation pictures that the training was asked for, by name, each None where it is not defined.
    """

    type: ClassVar[str] = "epoch"
    epoch: int
    step: int
    train_loss: float
    valid_loss: float | None
    valid_accuracy: float | None
    lr: float
    seconds: float
    best: bool
    phase: str = "train"
    train_accuracy: float | None = None
    metrics: Mapping[str, float | None] | None = None


@dataclass(frozen=True)
class LayersMeasured(Event):
    """How the layers learned in one step: a mapping a layer.

    ``gradient`` is the norm of the gradient of its weights as the optimizer got it, ``update`` how far the step moved
    them, divided by their own norm (None where that is 0), ``weights`` their spread: ``counts`` of bins of equal width
    from -``largest`` to ``largest``. Of a layer that rectifies, ``dead`` is the share of units that were 0 on every
    picture of the step (0..1).
    """

    type: ClassVar[str] = "layers"
    step: int
    epoch: int
    layers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """A checkpoint is whole on disk, relative to the run's folder."""

    type: ClassVar[str] = "checkpoint"
    path: str
    step: int
    epoch: int


@dataclass(frozen=True)
class RunFinished(Event):
    """The training ended: the best epoch, why it ended (``done`` or ``early-stopping``), the model's path."""

    type: ClassVar[str] = "run-finished"
    run: str
    reason: str
    epochs: int
    best_epoch: int
    valid_loss: float | None
    valid_accuracy: float | None
    seconds: float
    model: str


@dataclass(frozen=True)
class SearchPhase(Event):
    """What a search does from here on: ``dataset``, ``comparing``, ``winner``, ``refit``; ``seconds`` since it began,
    ``remaining`` until its time is up (None without a limit)."""

    type: ClassVar[str] = "search-phase"
    phase: str
    seconds: float
    remaining: float | None = None


@dataclass(frozen=True)
class CandidateStarted(Event):
    """A search begins with a candidate that learns from ``pictures`` training pictures, and seems to take ``expected``
    seconds (None: nothing has been measured yet); ``what`` is what it does beside its strategy. ``side``: it sees
    pictures of this many pixels a side, read from the source again (None: as the dataset has them)."""

    type: ClassVar[str] = "candidate-started"
    number: int
    network: str
    strategy: str
    what: str
    pictures: int
    run: str
    expected: float | None = None
    side: int | None = None


@dataclass(frozen=True)
class CandidateScored(Event):
    """A search knows how good a candidate is on ``pictures`` that it did not learn from; its run is trained next.

    Only of candidates whose score is known before that. ``low`` and ``high`` are the 95 % interval, ``best`` tells that
    it leads now, ``seconds`` are those since it was begun.
    """

    type: ClassVar[str] = "candidate-scored"
    number: int
    network: str
    strategy: str
    accuracy: float
    pictures: int
    seconds: float
    best: bool
    low: float
    high: float
    side: int | None = None


@dataclass(frozen=True)
class CandidateDone(Event):
    """A search has scored a candidate on ``pictures`` that it did not learn from; ``best`` tells that it leads now.

    ``low`` and ``high`` are the 95 % interval of its accuracy. ``whole`` tells that it was scored on all of the
    pictures that are compared on; one that was behind on some of them is not tried on the others. ``side`` is that of
    its pictures in pixels, None if it is the dataset's.
    """

    type: ClassVar[str] = "candidate"
    number: int
    network: str
    strategy: str
    accuracy: float
    pictures: int
    seconds: float
    run: str
    best: bool
    low: float = 0.0
    high: float = 1.0
    whole: bool = True
    side: int | None = None


@dataclass(frozen=True)
class SearchFinished(Event):
    """A search ended; ``run`` is the winner's folder, and ``result.json`` beside it says everything.

    ``reason``: ``done`` (no candidate was left), ``time`` (the minutes are up) or ``stopped`` (it was asked to stop).
    ``valid_accuracy`` is None if there was no time left to train the winner on all training pictures.
    """

    type: ClassVar[str] = "search-finished"
    run: str
    reason: str
    accuracy: float
    corrected: float
    valid_accuracy: float | None
    seconds: float


EVENTS: dict[str, type[Event]] = {
    "candidate": CandidateDone,
    "candidate-scored": CandidateScored,
    "candidate-started": CandidateStarted,
    "checkpoint": CheckpointSaved,
    "dataset-ready": DatasetReady,
    "epoch": EpochDone,
    "layers": LayersMeasured,
    "notice": Notice,
    "progress": Progress,
    "run-finished": RunFinished,
    "run-started": RunStarted,
    "search-finished": SearchFinished,
    "search-phase": SearchPhase,
    "step": StepDone,
}


def event_from_json(line: str) -> Event:
    """Return the event that ``Event.to_json`` wrote as ``line``."""
    data = json.loads(line)
    return EVENTS[data.pop("type")].from_dict(data)


def result_of(steps: Generator[Step, None, Result], told: Callable[[Step], object] = lambda _: None) -> Result:
    """Let a computation run to its end and return its result; ``told`` hears each event on the way."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        told(step)
