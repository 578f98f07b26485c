"""How far a whole job is, over all its phases: a number that only grows, from what the job tells."""

from glasshouse.events import EpochDone, Event, Progress, RunFinished, RunStarted, StepDone

__all__ = ["UNITS", "Course"]

UNITS = 10_000  # of which a job with several phases has done some
READING = 0.9  # part of making a dataset; the rest is writing it
FEATURES = 0.8  # part of a training that computes features first
VALIDATING = 0.1  # part of an epoch
ENDING = 0.2  # of an epoch: the report of the best epoch, and then the answer for each validation picture


class Course:
    """Hears the events of one job; ``fraction`` is 0 to 1, None while nothing is known, and never falls."""

    def __init__(self) -> None:
        self.fraction: float | None = None
        self._epochs = self._steps = 0  # of the training; 0 in other jobs, and before it began
        self._epoch = 1
        self._base = 0.0  # part of the bar before the first epoch
        self._ended = False  # an epoch is over, and no step of another one was done

    @property
    def training(self) -> bool:
        """Whether a training has begun."""
        return self._epochs > 0

    def hear(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, Progress):
            self._progress(event.stage, event.done / event.total if event.total else 0.0)
        elif isinstance(event, RunStarted):
            self._epochs, self._steps = max(1, event.epochs), max(1, event.steps_per_epoch)
            self._base = FEATURES if self.fraction is not None else 0.0
            self._epoch = max(1, -(-event.resumed_step // self._steps))
            self._at(event.resumed_step / self._steps * (1 - VALIDATING / self._epoch))
        elif isinstance(event, StepDone):
            self._epoch, self._ended = event.epoch, False
            within = (event.step - (event.epoch - 1) * self._steps) / max(1, self._steps)
            self._at(event.epoch - 1 + (1 - VALIDATING) * within)
        elif isinstance(event, EpochDone):
            self._epoch, self._ended = event.epoch, True
            self._at(event.epoch)
        elif isinstance(event, RunFinished):
            self._at(self._epochs + ENDING / 2)

    def _progress(self, stage: str, part: float) -> None:
        if stage == "reading":
            self._to(READING * part)
        elif stage == "writing":
            self._to(READING + (1 - READING) * part)
        elif stage == "features":
            self._to(FEATURES * part)
        elif not self.training:
            self._to(part)
        elif stage == "validating" and not self._ended:
            self._at(self._epoch - VALIDATING * (1 - part))
        elif stage == "validating":
            self._at(self._epochs + ENDING / 2 * part)
        else:
            self._at(self._epochs + ENDING / 2 * (1 + part))

    def _at(self, epochs: float) -> None:
        self._to(self._base + (1 - self._base) * epochs / (self._epochs + ENDING))

    def _to(self, fraction: float) -> None:
        self.fraction = max(self.fraction or 0.0, min(1.0, fraction))
