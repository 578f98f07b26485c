"""Everything of a training that changes while it runs, and the step that changes it.

`loop.py` is the line through a training, `setup.py` what does not change; here is one step of it, from the batches to
the moved weights: `TrainingState.train_step`, and in it `Stepper.step`.
"""

import math
import time
from collections.abc import Iterable, Sequence

import torch
from torch import nn

from glasshouse.errors import NotFiniteError
from glasshouse.evaluation.named_metrics import named_scores
from glasshouse.events import EpochDone
from glasshouse.messages import Message
from glasshouse.networks.layered import Layered
from glasshouse.training.averaging import MovingAverage
from glasshouse.training.batch_sources import Part
from glasshouse.training.devices import deterministic
from glasshouse.training.diagnosis import broken
from glasshouse.training.failures import explained, spoiled
from glasshouse.training.objective import Objective, build_objective
from glasshouse.training.optimizers import build_optimizer, set_rate
from glasshouse.training.phases import Phase
from glasshouse.training.position import Position
from glasshouse.training.precision import Precision, choose_precision
from glasshouse.training.randomness import seeded
from glasshouse.training.setup import TrainingSetup
from glasshouse.training.stopping import Watch
from glasshouse.training.validation import Scores

__all__ = ["Stepper", "TrainingState"]


class Stepper:
    """Takes optimizer steps on ``module``; what it keeps beyond its optimizer is the scale of mixed precision."""

    def __init__(self, module: nn.Module, objective: Objective, device: torch.device, precision: Precision) -> None:
        self.module = module
        self.objective = objective
        self.device = device
        self.precision = precision
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision.scaled)

    def step(
        self,
        optimizer: torch.optim.Optimizer,
        parts: Iterable[Part],
        count: int,
        seed: tuple[int, int, int],
        clip_norm: float | None,
    ) -> tuple[float, float, int]:
        """Move the weights once, by the mean loss of the ``count`` pictures in ``parts``.

        Returns:
            The loss, the norm of the gradient, and how many of the pictures were answered right before the move.

        ``seed`` is (seed, epoch, step): all that dropout and augmentation layers depend on.

        Raises:
            NotFiniteError: the loss or the gradient is NaN or infinite; the weights have not been moved.
        """
        optimizer.zero_grad(set_to_none=True)
        total, right = torch.zeros((), device=self.device), torch.zeros((), device=self.device)
        with deterministic():
            for index, part in enumerate(parts):
                logits = self._forward(part, (*seed, index))
                loss = self.objective(logits, part.targets) / count
                torch.autograd.backward(self.scaler.scale(loss))
                total += loss.detach()
                right += _right(logits.detach(), part.targets)
        self.scaler.unscale_(optimizer)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, clip_norm or math.inf)
        value, size, hits = torch.stack([total, norm, right]).tolist()  # one wait for the device, not three
        self._check(value, size)
        self.scaler.step(optimizer)
        self.scaler.update()
        length = size if math.isfinite(size) else 0.0  # a step that the scale made too large is not taken
        return value + 0.0, length, int(hits)

    def _forward(self, part: Part, numbers: tuple[int, ...]) -> torch.Tensor:
        mixed = self.precision.dtype is not None
        if isinstance(self.module, Layered):
            self.module.seed(*numbers)
        with (
            seeded(self.device, *numbers),
            torch.autocast(self.device.type, dtype=self.precision.dtype, enabled=mixed),
        ):
            logits: torch.Tensor = self.module(part.inputs)
        return logits.float()

    def _check(self, loss: float, norm: float) -> None:
        if not math.isfinite(loss):
            raise NotFiniteError(Message("the loss is {loss}", loss=loss), 0)
        if not math.isfinite(norm) and (not self.precision.scaled or self.scaler.get_scale() < 1):
            raise NotFiniteError(
                Message("the loss is {loss}, but its gradient is {norm}", loss=f"{loss:.4g}", norm=norm), 0
            )


def _right(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return how many rows of logits (N, K) are largest at the target, a class (N,) or the largest part of (N, K)."""
    truth = targets.argmax(1) if targets.is_floating_point() else targets
    return (logits.argmax(1) == truth).sum()


class TrainingState:
    """The weights, optimizer, moving average, watches and position of a training."""

    def __init__(self, setup: TrainingSetup) -> None:
        m, recipe = setup.resources, setup.resources.recipe
        labels = m.dataset.splits["train"].labels
        objective = build_objective(recipe.objective, m.dataset.classes, labels, m.device)
        self.setup, self.recipe, self.module = setup, recipe, setup.module
        self.precision = choose_precision(recipe.precision, m.device)
        self.stepper = Stepper(self.module, objective, m.device, self.precision)
        self.average = MovingAverage(self.module, recipe.ema_decay) if recipe.ema_decay else None
        self.optimizer: torch.optim.Optimizer | None = None
        self.phase: Phase | None = None
        self.position = Position()
        evaluated = setup.validator is not None
        self.best = Watch(recipe.checkpoints.monitor if evaluated else "train_loss")
        early = recipe.early_stopping
        self.stopping = self.best if early is None else Watch(
            early.monitor if evaluated else "train_loss", early.min_delta, early.patience)  # fmt: skip
        self.saved = (time.monotonic(), 0)  # when a checkpoint was written last, and after which step

    @property
    def evaluated(self) -> torch.nn.Module:
        """The module that is evaluated and kept: the moving average if there is one."""
        return self.module if self.average is None else self.average.module

    @property
    def kept_prefix(self) -> str:
        """Where a checkpoint holds the weights of ``evaluated``."""
        return "module" if self.average is None else "average"

    def enter(self, phase: Phase) -> None:
        """Begin a phase with a fresh optimizer, or stay in it."""
        if self.phase is phase:
            return
        phase.prepare(self.module)
        self.phase, self.optimizer = phase, build_optimizer(self.recipe.optimizer, phase.groups)

    def train_step(self, parts: Iterable[Part], count: int, rate: float | None = None) -> tuple[float, float, float]:
        """Take the next step with the ``count`` pictures in ``parts``; return loss, gradient norm and rate.

        ``rate`` takes the place of the schedule's.

        Raises:
            NotFiniteError, MemoryLimitError: with the step, or the batch size that would fit.
        """
        position, phase, optimizer = self.position, self.phase, self.optimizer
        if phase is None or optimizer is None:
            raise RuntimeError("enter a phase before learning")
        if rate is None:
            rate = phase.rate(position.epoch, position.step_in_epoch, self.setup.plan.steps)
        set_rate(optimizer, rate)
        seed = (self.recipe.seed, position.epoch, position.step_in_epoch)
        with explained(self.setup, position):
            loss, norm, right = self.stepper.step(optimizer, parts, count, seed, self.recipe.clip_norm)
        if self.average is not None:
            self.average.update(self.module)
        position.step += 1
        position.step_in_epoch += 1
        position.loss_sum += loss * count
        position.pictures += count
        position.right += right
        position.counted += count
        return loss, norm, rate

    def check_weights(self) -> None:
        """See after an epoch that what would be evaluated and kept is numbers.

        Raises:
            NotFiniteError: the last step, or a moving statistic, left NaN or infinite weights.
        """
        names = broken(self.evaluated)
        if names:
            more = Message(" and {problems} more", problems=len(names) - 1) if len(names) > 1 else ""
            raise spoiled(
                self.recipe,
                self.position,
                Message("the weights {names}{more} are NaN or infinite", names=names[0], more=more),
            )

    def check_scores(self, scores: Scores) -> None:
        """See that the loss on the validation pictures is a number.

        Raises:
            NotFiniteError: it is not.
        """
        if not math.isfinite(scores.loss):
            raise spoiled(
                self.recipe, self.position, Message("the loss on the validation pictures is {loss}", loss=scores.loss)
            )

    def end_epoch(self, scores: Scores | None, metrics: Sequence[str] = ()) -> EpochDone:
        """Close the epoch with its scores and the metrics of these names, and move on to the next."""
        position, plan, phase = self.position, self.setup.plan, self.phase
        train_loss = position.loss_sum / max(1, position.pictures)
        values = {"train_loss": train_loss}
        if scores is not None:
            values |= {"valid_loss": scores.loss, "valid_accuracy": scores.accuracy}
        epoch = position.epoch + 1
        self.best = self.best.after(epoch, values[self.best.monitor])
        if self.recipe.early_stopping is not None and plan.phases[-1] is phase:  # a frozen phase always ends
            self.stopping = self.stopping.after(epoch, values[self.stopping.monitor])
        rate = phase.rate(position.epoch, plan.steps - 1, plan.steps) if phase else 0.0
        known = position.counted == position.pictures > 0
        done = EpochDone(epoch, position.step, train_loss, values.get("valid_loss"), values.get("valid_accuracy"), rate,
                         self._epoch_seconds(), self.best.best_epoch == epoch, phase.name if phase else "",
                         position.right / position.counted if known else None,
                         self._metrics(metrics, scores))  # fmt: skip
        position.history.append(done.to_dict())
        position.epoch, position.step_in_epoch, position.loss_sum, position.pictures = epoch, 0, 0.0, 0
        position.right = position.counted = 0
        return done

    def _metrics(self, names: Sequence[str], scores: Scores | None) -> dict[str, float | None] | None:
        if scores is None or not names:
            return None
        return named_scores(names, self.setup.resources.dataset.splits["val"].labels, scores.probabilities)

    def _epoch_seconds(self) -> float:
        return self.position.seconds - math.fsum(epoch["seconds"] for epoch in self.position.history)
