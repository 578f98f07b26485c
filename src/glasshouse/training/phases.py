"""The plan of a training: its phases, and which parameters each of them trains at which rate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn

from glasshouse.recipe import ScheduleRecipe, TrainingRecipe
from glasshouse.training.optimizers import ParameterGroup
from glasshouse.training.schedules import rate

__all__ = ["Phase", "TrainingPlan", "plan_for"]

LR_MULT = 100.0  # fastai: the earliest layers are tuned at a hundredth of the head's rate
FROZEN_NORM_SCALE = 0.1  # fastai: slice(lr) gives every group but the last a tenth


@dataclass(frozen=True)
class Phase:
    """``epochs`` epochs from epoch ``first`` (from 0) with one optimizer and one schedule."""

    name: str
    first: int
    epochs: int
    base_lr: float
    schedule: ScheduleRecipe
    groups: tuple[ParameterGroup, ...]

    def prepare(self, module: nn.Module) -> None:
        """Let gradients flow to the parameters of this phase only."""
        module.requires_grad_(False)
        for group in self.groups:
            for parameter in group.parameters:
                parameter.requires_grad_(True)

    def rate(self, epoch: int, step: int, steps: int) -> float:
        """Return the base rate of step ``step`` of epoch ``epoch``, with ``steps`` steps an epoch."""
        done = (epoch - self.first) * steps + step
        warmup = round(self.schedule.warmup * steps)
        return rate(done, self.epochs * steps, self.base_lr, self.schedule, warmup)


@dataclass(frozen=True)
class TrainingPlan:
    """All phases, and how an epoch of ``pictures`` pictures falls into steps of ``group`` pictures."""

    phases: tuple[Phase, ...]
    pictures: int
    group: int

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    @property
    def steps(self) -> int:
        """Optimizer steps an epoch; the last one may have fewer pictures."""
        return -(-self.pictures // self.group)

    def size(self, step: int) -> int:
        """Return how many pictures step ``step`` (from 0) of an epoch has."""
        return min(self.group, self.pictures - step * self.group)

    def phase(self, epoch: int) -> Phase:
        """Return the phase that epoch ``epoch`` (from 0) belongs to."""
        return next(p for p in self.phases if epoch < p.first + p.epochs)


def plan_for(
    recipe: TrainingRecipe, groups: Sequence[Sequence[nn.Parameter]], norms: Sequence[nn.Module], pictures: int
) -> TrainingPlan:
    """Return the plan of a resolved recipe; ``groups`` are parameters from the first layers to the head.

    ``norms`` are the batch norms, which fastai goes on training in a frozen body (``train_bn``).
    """
    phases = tuple(_fine_tuning(recipe, groups, norms) if recipe.strategy == "fine-tune" else _one(recipe, groups))
    return TrainingPlan(phases, pictures, recipe.batch_size * recipe.accumulate)


def _one(recipe: TrainingRecipe, groups: Sequence[Sequence[nn.Parameter]]) -> Iterator[Phase]:
    everything = ParameterGroup([p for group in groups for p in group])
    yield Phase("train", 0, recipe.epochs or 1, recipe.optimizer.lr or 1e-3, recipe.schedule, (everything,))


def _fine_tuning(
    recipe: TrainingRecipe, groups: Sequence[Sequence[nn.Parameter]], norms: Sequence[nn.Module]
) -> Iterator[Phase]:
    """Yield fastai's ``fine_tune``: the head (and the body's norms) at lr; then all at lr/2, earlier layers slower.

    Where the schedule is left at its default, it is fastai's too: one-cycle with its peak at 99 % while frozen; then
    with its peak at 30 % from a fifth of the rate.
    """
    lr, default = recipe.optimizer.lr or 2e-3, recipe.schedule == ScheduleRecipe()
    if recipe.freeze_epochs:
        schedule = recipe.schedule.model_copy(update={"pct_start": 0.99}) if default else recipe.schedule
        frozen = (ParameterGroup(_norms(norms, groups[-1]), FROZEN_NORM_SCALE), ParameterGroup(groups[-1]))
        yield Phase("frozen", 0, recipe.freeze_epochs, lr, schedule, frozen)
    schedule = recipe.schedule.model_copy(update={"pct_start": 0.3, "div": 5.0}) if default else recipe.schedule
    last = max(1, len(groups) - 1)
    scales = [LR_MULT ** (index / last - 1) for index in range(len(groups))] if len(groups) > 1 else [1.0]
    unfrozen = tuple(ParameterGroup(group, scale) for group, scale in zip(groups, scales))
    yield Phase("unfrozen", recipe.freeze_epochs, recipe.epochs or 1, lr / 2, schedule, unfrozen)


def _norms(norms: Sequence[nn.Module], head: Sequence[nn.Parameter]) -> list[nn.Parameter]:
    """Return the parameters of batch norm in the frozen body."""
    skip = {id(p) for p in head}
    return [p for m in norms for p in m.parameters() if id(p) not in skip]
