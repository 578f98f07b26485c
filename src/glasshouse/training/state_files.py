"""A training's state as checkpoints: when one is due, under which names, and back."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from glasshouse.errors import DamagedRunError
from glasshouse.events import EpochDone
from glasshouse.messages import joined
from glasshouse.training.checkpoints import (
    load_state,
    module_tensors,
    optimizer_tensors,
    restore_optimizer,
    write_checkpoint,
)
from glasshouse.training.position import Position, disagreements
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.state import TrainingState
from glasshouse.training.stopping import Watch

__all__ = ["checkpoint_due", "checkpoint_paths", "restore_state", "save_state"]


def checkpoint_paths(state: TrainingState, run: RunFolder, done: EpochDone) -> list[Path]:
    """Return under which names the epoch's checkpoint is kept; ``last`` comes last, so that a crash between two of
    them leaves a state from which the same epoch is repeated."""
    every = state.recipe.checkpoints.keep_every
    kept = [run.kept(done.epoch)] if every and done.epoch % every == 0 else []
    return [*kept, *([run.best] if done.best else []), run.last]


def checkpoint_due(state: TrainingState) -> bool:
    """Whether the recipe asks for a checkpoint within the epoch now."""
    seconds, step = state.saved
    minutes, steps = state.recipe.checkpoints.minutes, state.recipe.checkpoints.steps
    late = minutes is not None and time.monotonic() - seconds >= 60 * minutes
    return late or (steps is not None and state.position.step - step >= steps)


def save_state(state: TrainingState, paths: Sequence[Path], events: tuple[int, str]) -> None:
    """Write a checkpoint under each of ``paths``; ``events`` is the length and the CRC-32 of events.jsonl."""
    tensors, position = module_tensors(state.module, "module"), state.position
    if state.average is not None:
        tensors |= module_tensors(state.average.module, "average")
        position.updates = state.average.updates
    if state.optimizer is not None:
        kept, position.numbers = optimizer_tensors(state.optimizer)
        tensors |= kept
    position.best, position.stopping = state.best.to_dict(), state.stopping.to_dict()
    position.scaler, (position.events, position.told) = state.stepper.scaler.state_dict(), events
    if not position.recipe:
        dataset = state.setup.resources.dataset
        position.recipe = {**state.recipe.model_dump(mode="json"), "fingerprint": dataset.fingerprint}
        position.classes = list(dataset.classes)
    write_checkpoint(paths, tensors, position)
    state.saved = (time.monotonic(), position.step)


def restore_state(state: TrainingState, tensors: dict[str, torch.Tensor], position: Position) -> None:
    """Go on from a checkpoint.

    Raises:
        DamagedRunError: it does not fit the network, the optimizer or the plan.
    """
    plan = state.setup.plan
    if problems := list(disagreements(position, plan.epochs, plan.steps)):
        raise DamagedRunError("the checkpoint cannot be used: {problems}", problems=joined("; ", problems[:3]))
    load_state(state.module, tensors, "module")
    if state.average is not None:
        load_state(state.average.module, tensors, "average")
        state.average.updates = position.updates
    state.position = position
    state.best, state.stopping = Watch.from_dict(position.best), Watch.from_dict(position.stopping)
    _restore_scaler(state, position)
    if position.epoch < plan.epochs:
        phase = plan.phase(position.epoch)
        state.enter(phase)
        begins = position.epoch == phase.first and position.step_in_epoch == 0
        if state.optimizer is not None and not begins:
            restore_optimizer(state.optimizer, tensors, position.numbers)
    state.saved = (time.monotonic(), position.step)


def _restore_scaler(state: TrainingState, position: Position) -> None:
    try:
        state.stepper.scaler.load_state_dict(position.scaler)
    except (RuntimeError, KeyError, TypeError) as error:
        raise DamagedRunError(
            "the checkpoint has no state of mixed precision that can be used: {error}", error=error
        ) from None
