"""What a training will be, told over the API before it is begun: time, memory, rates, augmented pictures, weights."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import Field

from glasshouse.errors import ConflictError
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.datasets import get_dataset
from glasshouse.store.sources import weights_path
from glasshouse.store.submit import check_member, sweep_variants
from glasshouse.web.context.job_resource import dataset_resource
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import EstimateOut, PlanOut, Shape, Sweep
from glasshouse.web.new_model.augmented import examples
from glasshouse.web.new_model.estimate import estimate_of, try_out
from glasshouse.web.new_model.rate_preview import rates_ahead
from glasshouse.web.new_model.trial import fitting

__all__ = ["router"]

router = APIRouter(prefix="/trials", tags=["models"])


class Trial(Shape):
    """A training that is asked about: ``recipe`` is a TrainingRecipe without ``data``."""

    dataset_id: str
    recipe: dict[str, object]


class SweepTrial(Trial):
    """Several trainings that are asked about: of each rate and batch size of the ``sweep``."""

    sweep: Sweep = Sweep()


class Planned(Shape):
    """A training whose learning rate is asked about: ``recipe`` is a TrainingRecipe without ``data``."""

    recipe: dict[str, object]


class RatesOut(Shape):
    """``points``: pairs of epoch (from 0) and learning rate, evenly over the training."""

    points: list[tuple[float, float]]


class AugmentedOut(Shape):
    """``rows``: one for each of some training pictures, as data addresses: as it is, then as five epochs see it."""

    rows: list[list[str]]


class FitOut(Shape):
    """What of the weights fits: tensors loaded of total, those that begin anew, those of the file not used.

    ``notes`` say what shows that weights which fit were made for another network.
    """

    loaded: int
    total: int
    skipped: list[str] = Field(default_factory=list)
    unused: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    message: str


@router.post("/estimate")
def estimate(context: Context, trial: Trial) -> EstimateOut:
    """Tell time and memory; what was never measured on this computer is measured now, by training some seconds."""
    check_member(context.user)
    data = dataset_resource(context.store, get_dataset(context.store, trial.dataset_id, context.user))
    recipe = {name: value for name, value in trial.recipe.items() if name not in ("data", "fingerprint")}
    recipe["weights"] = "none" if recipe.get("weights", "none") == "none" else "pretrained"
    found = try_out(context.store, recipe, data)
    if found is None:
        raise ConflictError(
            "The dataset {name} is {state}; a training is measured once it is made.", name=data.name, state=data.state
        )
    return EstimateOut(**vars(found))


@router.post("/plan")
def plan(context: Context, trial: SweepTrial) -> PlanOut:
    """Tell how many models a sweep makes and what the first of them takes; nothing is measured for it."""
    check_member(context.user)
    data = dataset_resource(context.store, get_dataset(context.store, trial.dataset_id, context.user))
    variants = sweep_variants(trial.recipe, trial.sweep.model_dump())
    found = estimate_of(context.store, _recipe(variants[0][1]), data)
    rates, sizes = len(trial.sweep.lr) or 1, len(trial.sweep.batch_size) or 1
    return PlanOut(models=len(variants), rates=rates, sizes=sizes, one=EstimateOut(**vars(found)) if found else None)


@router.post("/schedule")
def schedule(context: Context, planned: Planned) -> RatesOut:
    """Tell the learning rate over the whole training, as the form of a new model draws it."""
    check_member(context.user)
    return RatesOut(points=rates_ahead(_recipe(planned.recipe)))


@router.post("/augmented")
def augmented(context: Context, trial: Trial) -> AugmentedOut:
    """Show some training pictures of the dataset as the recipe's augmentation changes them."""
    check_member(context.user)
    data = dataset_resource(context.store, get_dataset(context.store, trial.dataset_id, context.user))
    recipe = _recipe(trial.recipe)
    if data.state != "done":
        raise ConflictError(
            "The dataset {name} is {state}; its pictures are shown once it is made.", name=data.name, state=data.state
        )
    return AugmentedOut(rows=examples(data.folder, recipe.augmentation, recipe.seed))


def _recipe(fields: Mapping[str, object]) -> TrainingRecipe:
    """Return the recipe with the strategy's defaults; weights, which no rate depends on, are left out."""
    strategy = fields.get("strategy", "scratch")
    rest = {name: value for name, value in fields.items() if name not in ("data", "fingerprint", "weights", "strategy")}
    weights = "none" if strategy == "scratch" else "pretrained"
    return TrainingRecipe(
        **{"network": "LeNet", **rest, "data": "-", "strategy": strategy, "weights": weights}
    ).resolved()


@router.post("/weights")
def weights(context: Context, trial: Trial) -> FitOut:
    """Tell what of the recipe's ``weights`` fits its ``network`` and the pictures of the dataset."""
    check_member(context.user)
    record = get_dataset(context.store, trial.dataset_id, context.user)
    classes = len((record.summary or {}).get("classes", ())) or 1
    shape = (1 if record.recipe.get("color") == "gray" else 3, *(int(record.recipe[s]) for s in ("width", "height")))
    path = weights_path(context.store, str(trial.recipe.get("weights") or "none"), context.user)
    found = fitting(
        context.store.path("runs"), trial.recipe.get("network"), path, classes, (shape[0], shape[1], shape[2])
    )
    return FitOut.model_validate({name: value for name, value in found.items() if name in FitOut.model_fields})
