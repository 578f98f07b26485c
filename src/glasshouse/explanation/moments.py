"""A run at a moment of its training: before the first step, at its best epoch, at its last; weights and optimiser.

The state of the optimiser is torch's, from the checkpoint; if there is none (a model without its run, or the start)
the first step of a fresh optimiser is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glasshouse.data.dataset import Dataset, open_dataset
from glasshouse.errors import GlasshouseError, InputError
from glasshouse.export.predictor import Model
from glasshouse.networks.build import Built, construct
from glasshouse.networks.weights import load_weights
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.checkpoints import Position, read_checkpoint
from glasshouse.training.objective import class_weights
from glasshouse.training.optimizers import build_optimizer
from glasshouse.training.phases import Phase, TrainingPlan
from glasshouse.training.run_folder import RunFolder
from glasshouse.training.setup import plan_of

__all__ = ["MOMENTS", "Moment", "Tuning", "moment_of"]

MOMENTS = ("initial", "best", "last")


@dataclass(frozen=True)
class Tuning:
    """How the optimiser treats one array of weights: its rate and decay, and what it keeps, by torch's names."""

    rate: float
    decay: float
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """Weights by torch's names; ``tunings`` by the same names, without those that are frozen then.

    ``epoch`` is how many epochs were done; ``recipe`` is resolved; ``note`` says what is not known.
    """

    name: str
    state: Mapping[str, Tensor]
    recipe: TrainingRecipe | None
    epoch: int = 0
    tunings: Mapping[str, Tuning] = field(default_factory=dict)
    class_weights: tuple[float, ...] | None = None
    note: str = ""


def moment_of(model: Model, run: Path | None, name: str = "best", data: Path | None = None) -> Moment:
    """The moment of that name of the run that left ``model``; without a run only ``best`` is known.

    Args:
        data: where the run's dataset lies now, for the schedule and the class weights.

    Raises:
        InputError: there is no such moment.
        RunError: its checkpoint is missing or damaged.
    """
    if name not in MOMENTS:
        raise InputError("there is no moment {name}; there are {MOMENTS}", name=repr(name), MOMENTS=", ".join(MOMENTS))
    recipe = None if model.recipe is None else model.recipe.resolved()
    if run is None or recipe is None:
        if name != "best":
            raise InputError("a model without its run has no {name} weights; give the run's folder", name=name)
        return Moment(name, model.module.state_dict(), recipe, note="no-run")
    folder, dataset = RunFolder.open(run), _dataset(run, data, recipe.learn_from)
    built = _built(model, recipe)
    if name == "initial" and recipe.weights != "none":
        load_weights(built, recipe.weights)
    position, tensors = Position(), dict[str, Tensor]()
    if name != "initial":
        tensors, position = read_checkpoint(folder.last if name == "last" else folder.best)
    state = _state(model, built, recipe, tensors, name)
    plan = None if dataset is None else plan_of(recipe, built, len(dataset.splits["train"]))
    weights = None if dataset is None else _class_weights(recipe, dataset)
    note = "" if plan is not None else "no-dataset"
    tunings = {} if plan is None or recipe.linear else _tunings(built, recipe, plan, position, tensors)
    return Moment(name, state, recipe, position.epoch, tunings, weights, note)


def _dataset(run: Path, data: Path | None, learn_from: str) -> Dataset | None:
    try:
        return open_dataset(RunFolder.open(run).dataset_path(data)).learning(learn_from)
    except GlasshouseError:
        return None


def _built(model: Model, recipe: TrainingRecipe) -> Built:
    return construct(model.description.resolved, dropout=recipe.dropout, seed=recipe.seed)


def _state(
    model: Model, built: Built, recipe: TrainingRecipe, tensors: Mapping[str, Tensor], name: str
) -> Mapping[str, Tensor]:
    """The whole network's weights; the strategy ``features`` keeps only those of the head in its checkpoints."""
    if name == "initial":
        return built.module.state_dict()
    if name == "best":
        return model.module.state_dict()
    prefix = "average/" if any(key.startswith("average/") for key in tensors) else "module/"
    inside = f"{built.head_name}." if recipe.strategy == "features" else ""
    found = {inside + key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    return {key: found.get(key, value) for key, value in model.module.state_dict().items()}  # in the network's order


def _class_weights(recipe: TrainingRecipe, dataset: Dataset) -> tuple[float, ...] | None:
    found = class_weights(recipe.objective, dataset.classes, dataset.splits["train"].labels)
    return None if found is None else tuple(found)


def _tunings(
    built: Built, recipe: TrainingRecipe, plan: TrainingPlan, position: Position, tensors: Mapping[str, Tensor]
) -> dict[str, Tuning]:
    """How the next step treats each array of weights; after the last epoch, the last step's rate is meant."""
    ended = position.epoch >= plan.epochs
    epoch, step = (plan.epochs - 1, plan.steps - 1) if ended else (position.epoch, position.step_in_epoch)
    phase = plan.phase(epoch)
    rate = phase.rate(epoch, step, plan.steps)
    begins = position.epoch == phase.first and position.step_in_epoch == 0
    kept = {} if begins else _kept(tensors, position)
    return _of_phase(built, recipe, phase, rate, kept)


def _of_phase(
    built: Built, recipe: TrainingRecipe, phase: Phase, rate: float, kept: Mapping[int, Mapping[str, Any]]
) -> dict[str, Tuning]:
    names = {id(parameter): name for name, parameter in built.module.named_parameters()}
    groups = build_optimizer(recipe.optimizer, phase.groups).param_groups
    treated = [(parameter, group) for group in groups for parameter in group["params"]]
    return {
        names[id(parameter)]: Tuning(rate * group["scale"], group["weight_decay"], kept.get(number, {}))
        for number, (parameter, group) in enumerate(treated)
    }


def _kept(tensors: Mapping[str, Tensor], position: Position) -> dict[int, dict[str, Any]]:
    """What the optimiser of a checkpoint keeps for each parameter, by its number."""
    found: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, number, name = key.split("/")
            found.setdefault(int(number), {})[name] = value if value.ndim else float(value)
    for key, number_kept in position.numbers.items():
        number, name = key.split("/")
        if isinstance(number_kept, int | float) and not isinstance(number_kept, bool):
            found.setdefault(int(number), {})[name] = float(number_kept)
    return {number: {k: v for k, v in slots.items() if torch.is_tensor(v) or isinstance(v, float)}
            for number, slots in found.items()}  # fmt: skip
