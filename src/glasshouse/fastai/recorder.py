"""``learn.recorder``: what the last training told, step by step and epoch by epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glasshouse.events import StepDone, event_from_json

if TYPE_CHECKING:
    from glasshouse.search.learner import Learner as OwnLearner
    from glasshouse.training.curves import Charts

__all__ = ["Recorder"]

TRAIN, VALID = "#4269d0", "#b3541e"


@dataclass(frozen=True)
class Recorder:
    """The numbers of the last training of ``learner``."""

    learner: "OwnLearner"

    @property
    def metric_names(self) -> list[str]:
        """What ``values`` holds for each epoch."""
        return ["train_loss", "valid_loss", *self.learner.metrics]

    @property
    def values(self) -> list[list[float | None]]:
        """Training loss, validation loss and the metrics of each epoch."""
        return [[e.train_loss, e.valid_loss, *(e.metrics or {}).values()] for e in self.learner.history]

    @property
    def losses(self) -> list[float]:
        """The loss of the steps; of quick ones some are left out."""
        return [step.loss for step in self._steps()]

    @property
    def lrs(self) -> list[float]:
        """The learning rate of these steps."""
        return [step.lr for step in self._steps()]

    def plot_loss(self) -> "Charts":
        """Return the loss of the steps and, at the end of each epoch, of the validation pictures."""
        from glasshouse.training.curves import Chart, Charts, Line

        held = [(float(e.step), e.valid_loss) for e in self.learner.history if e.valid_loss is not None]
        steps = [(float(step.step), step.loss) for step in self._steps()]
        return Charts([Chart([Line("train", TRAIN, steps), Line("valid", VALID, held)], "Loss")])

    def plot_sched(self) -> "Charts":
        """Return the learning rate of the steps."""
        from glasshouse.training.curves import Chart, Charts, Line

        return Charts([Chart([Line("lr", TRAIN, [(float(s.step), s.lr) for s in self._steps()])], "Learning rate")])

    def _steps(self) -> Iterator[StepDone]:
        run = self.learner.run
        if run is None or not (run / "events.jsonl").exists():
            return
        for text in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
            if '"type": "step"' in text and isinstance(step := event_from_json(text), StepDone):
                yield step
