"""Everything of a training that changes while it runs, and that a checkpoint must hold."""

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from glasshouse.errors import DamagedRunError, MemoryLimitError, NotFiniteError, RecipeError
from glasshouse.events import EpochDone
from glasshouse.messages import Message, joined
from glasshouse.training.averaging import MovingAverage
from glasshouse.training.checkpoints import (
    load_state,
    module_tensors,
    optimizer_tensors,
    restore_optimizer,
    write_checkpoint,
)
from glasshouse.training.devices import fitting_batch_size, is_memory_error, memory_limit
from glasshouse.training.diagnosis import advice, alone_in_batch, broken
from glasshouse.training.objective import build_objective
from glasshouse.training.optimizers import build_optimizer, set_rate
from glasshouse.training.phases import Phase
from glasshouse.training.position import Position, disagreements
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import TrainingSetup
from glasshouse.training.steps import Part, Stepper, choose_precision
from glasshouse.training.stopping import Watch
from glasshouse.training.validation import Scores

__all__ = ["TrainingState"]


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
        self._saved = (time.monotonic(), 0)

    @property
    def evaluated(self) -> torch.nn.Module:
        """The module that is evaluated and kept: the moving average where there is one."""
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
        try:
            loss, norm = self.stepper.step(optimizer, parts, count, seed, self.recipe.clip_norm)
        except NotFiniteError as error:
            raise self._not_finite(str(error)) from None
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise self._alone() from error
        except (RuntimeError, MemoryError) as error:
            if "without overflow" in str(error):  # a rate, or a rate times a decay, that is no 32-bit number
                raise self._too_far() from error
            if not is_memory_error(error):
                raise
            raise self._too_little_memory() from error
        if self.average is not None:
            self.average.update(self.module)
        position.step += 1
        position.step_in_epoch += 1
        position.loss_sum += loss * count
        position.pictures += count
        return loss, norm, rate

    def check_weights(self) -> None:
        """See after an epoch that what would be evaluated and kept is numbers.

        Raises:
            NotFiniteError: the last step, or a moving statistic, left NaN or infinite weights.
        """
        names = broken(self.evaluated)
        if names:
            more = Message(" and {problems} more", problems=len(names) - 1) if len(names) > 1 else ""
            raise self._spoiled(Message("the weights {names}{more} are NaN or infinite", names=names[0], more=more))

    def check_scores(self, scores: Scores) -> None:
        """See that the loss on the validation pictures is a number.

        Raises:
            NotFiniteError: it is not.
        """
        if not math.isfinite(scores.loss):
            raise self._spoiled(Message("the loss on the validation pictures is {loss}", loss=scores.loss))

    def _spoiled(self, what: str) -> NotFiniteError:
        step, epoch = self.position.step, self.position.epoch + 1
        hint, more = advice(self.recipe)
        return NotFiniteError(
            Message(
                "epoch {epoch}: after step {step} {what}. {hint}{more}",
                epoch=epoch,
                step=step,
                what=what,
                hint=hint,
                more=more,
            ),
            step,
        )

    def end_epoch(self, scores: Scores | None) -> EpochDone:
        """Close the epoch with its scores, and move on to the next."""
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
        done = EpochDone(epoch, position.step, train_loss, values.get("valid_loss"), values.get("valid_accuracy"), rate,
                         self._epoch_seconds(), self.best.best_epoch == epoch, phase.name if phase else "")  # fmt: skip
        position.history.append(done.to_dict())
        position.epoch, position.step_in_epoch, position.loss_sum, position.pictures = epoch, 0, 0.0, 0
        return done

    def paths(self, run: RunFolder, done: EpochDone) -> list[Path]:
        """Return under which names the epoch's checkpoint is kept; ``last`` comes last, so that a crash between two
        of them leaves a state from which the same epoch is repeated."""
        every = self.recipe.checkpoints.keep_every
        kept = [run.kept(done.epoch)] if every and done.epoch % every == 0 else []
        return [*kept, *([run.best] if done.best else []), run.last]

    def due(self) -> bool:
        """Whether the recipe asks for a checkpoint within the epoch now."""
        seconds, step = self._saved
        minutes, steps = self.recipe.checkpoints.minutes, self.recipe.checkpoints.steps
        late = minutes is not None and time.monotonic() - seconds >= 60 * minutes
        return late or (steps is not None and self.position.step - step >= steps)

    def save(self, paths: Sequence[Path], events: tuple[int, str]) -> None:
        """Write a checkpoint under each of ``paths``; ``events`` is the length and the CRC-32 of events.jsonl."""
        tensors = module_tensors(self.module, "module")
        position = self.position
        if self.average is not None:
            tensors |= module_tensors(self.average.module, "average")
            position.updates = self.average.updates
        if self.optimizer is not None:
            state, position.numbers = optimizer_tensors(self.optimizer)
            tensors |= state
        position.best, position.stopping = self.best.to_dict(), self.stopping.to_dict()
        position.scaler, (position.events, position.told) = self.stepper.scaler.state_dict(), events
        if not position.recipe:
            dataset = self.setup.resources.dataset
            position.recipe = {**self.recipe.model_dump(mode="json"), "fingerprint": dataset.fingerprint}
            position.classes = list(dataset.classes)
        write_checkpoint(paths, tensors, position)
        self._saved = (time.monotonic(), position.step)

    def restore(self, tensors: dict[str, torch.Tensor], position: Position) -> None:
        """Go on from a checkpoint.

        Raises:
            DamagedRunError: it does not fit the network, the optimizer or the plan.
        """
        plan = self.setup.plan
        if problems := list(disagreements(position, plan.epochs, plan.steps)):
            raise DamagedRunError("the checkpoint cannot be used: {problems}", problems=joined("; ", problems[:3]))
        load_state(self.module, tensors, "module")
        if self.average is not None:
            load_state(self.average.module, tensors, "average")
            self.average.updates = position.updates
        self.position = position
        self.best, self.stopping = Watch.from_dict(position.best), Watch.from_dict(position.stopping)
        self._restore_scaler(position)
        if position.epoch < self.setup.plan.epochs:
            phase = self.setup.plan.phase(position.epoch)
            self.enter(phase)
            begins = position.epoch == phase.first and position.step_in_epoch == 0
            if self.optimizer is not None and not begins:
                restore_optimizer(self.optimizer, tensors, position.numbers)
        self._saved = (time.monotonic(), position.step)

    def _restore_scaler(self, position: Position) -> None:
        try:
            self.stepper.scaler.load_state_dict(position.scaler)
        except (RuntimeError, KeyError, TypeError) as error:
            raise DamagedRunError(
                "the checkpoint has no state of mixed precision that can be used: {error}", error=error
            ) from None

    def _epoch_seconds(self) -> float:
        return self.position.seconds - math.fsum(epoch["seconds"] for epoch in self.position.history)

    def _not_finite(self, what: str) -> NotFiniteError:
        step, epoch = self.position.step + 1, self.position.epoch + 1
        hint, more = advice(self.recipe)
        return NotFiniteError(
            Message(
                "step {step} (epoch {epoch}): {what}; the weights were not moved. {hint}{more}",
                step=step,
                epoch=epoch,
                what=what,
                hint=hint,
                more=more,
            ),
            step,
        )

    def _too_far(self) -> NotFiniteError:
        step, epoch = self.position.step + 1, self.position.epoch + 1
        hint, more = advice(self.recipe)
        return NotFiniteError(
            Message(
                "step {step} (epoch {epoch}): the step is larger than 32-bit numbers can hold. {hint}{more}",
                step=step,
                epoch=epoch,
                hint=hint,
                more=more,
            ),
            step,
        )

    def _alone(self) -> RecipeError:
        shape = self.setup.input_shape
        size, pictures = f"{shape[-1]}x{shape[-2]}", len(self.setup.resources.dataset.splits["train"])
        return RecipeError("the training recipe", [alone_in_batch(self.recipe.network_name, pictures, size)])

    def _too_little_memory(self) -> MemoryLimitError:
        device = self.setup.resources.device
        self.module.zero_grad(set_to_none=True)
        fits = fitting_batch_size(self.recipe.batch_size, self._attempt)
        return memory_limit(self.recipe.batch_size, self.recipe.accumulate, device, fits)

    def _attempt(self, size: int) -> None:
        """Compute forward and backward for ``size`` blank inputs, to see whether there is memory for them."""
        self.module.eval()
        inputs = torch.zeros(size, *self.setup.input_shape, device=self.setup.resources.device)
        torch.autograd.backward(self.module(inputs).sum())
        self.module.zero_grad(set_to_none=True)
