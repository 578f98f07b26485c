"""Why a step or an epoch could not be taken, told with what can help."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from glasshouse.errors import GlasshouseError, MemoryLimitError, NotFiniteError, RecipeError
from glasshouse.messages import Message
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.devices import fitting_batch_size, is_memory_error, memory_limit
from glasshouse.training.diagnosis import advice, alone_in_batch
from glasshouse.training.position import Position
from glasshouse.training.setup import TrainingSetup

__all__ = ["explained", "spoiled"]


@contextmanager
def explained(setup: TrainingSetup, position: Position) -> Iterator[None]:
    """Within it, what torch raises in the step after ``position`` is explained in words.

    Raises:
        NotFiniteError, MemoryLimitError, RecipeError: with the step, or the batch size that would fit.
    """
    try:
        yield
    except NotFiniteError as error:
        raise _not_finite(setup.resources.recipe, position, str(error)) from None
    except (ValueError, RuntimeError, MemoryError) as error:
        told = _known_failure(setup, position, error)
        if told is None:
            raise
        raise told from error


def spoiled(recipe: TrainingRecipe, position: Position, what: str) -> NotFiniteError:
    """Return the error that tells ``what`` is not finite after the last step."""
    step, epoch = position.step, position.epoch + 1
    hint, more = advice(recipe)
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


def _known_failure(setup: TrainingSetup, position: Position, error: Exception) -> GlasshouseError | None:
    recipe = setup.resources.recipe
    if "more than 1 value per channel" in str(error):
        return _alone(setup)
    if "without overflow" in str(error):  # a rate, or a rate times a decay, that is no 32-bit number
        return _too_far(recipe, position)
    return _too_little_memory(setup) if is_memory_error(error) else None


def _not_finite(recipe: TrainingRecipe, position: Position, what: str) -> NotFiniteError:
    step, epoch = position.step + 1, position.epoch + 1
    hint, more = advice(recipe)
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


def _too_far(recipe: TrainingRecipe, position: Position) -> NotFiniteError:
    step, epoch = position.step + 1, position.epoch + 1
    hint, more = advice(recipe)
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


def _alone(setup: TrainingSetup) -> RecipeError:
    shape = setup.input_shape
    size, pictures = f"{shape[-1]}x{shape[-2]}", len(setup.resources.dataset.splits["train"])
    return RecipeError("the training recipe", [alone_in_batch(setup.resources.recipe.network_name, pictures, size)])


def _too_little_memory(setup: TrainingSetup) -> MemoryLimitError:
    recipe, device = setup.resources.recipe, setup.resources.device
    setup.module.zero_grad(set_to_none=True)
    fits = fitting_batch_size(recipe.batch_size, lambda size: _attempt(setup, size))
    return memory_limit(recipe.batch_size, recipe.accumulate, device, fits)


def _attempt(setup: TrainingSetup, size: int) -> None:
    """Compute forward and backward for ``size`` blank inputs, to see whether there is memory for them."""
    module = setup.module
    module.eval()
    inputs = torch.zeros(size, *setup.input_shape, device=setup.resources.device)
    torch.autograd.backward(module(inputs).sum())
    module.zero_grad(set_to_none=True)
