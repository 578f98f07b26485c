"""What New model shows while a form is filled in: rate, augmented pictures, time, number of models, weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from glasshouse.errors import BusyError, GlasshouseError, RecipeError
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.database import Store
from glasshouse.store.networks import network_layers
from glasshouse.store.sources import weights_path
from glasshouse.store.submit import check_member
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import find_dataset
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.charts import Chart, Series, chart
from glasshouse.web.framework.form_values import problems_of
from glasshouse.web.framework.templating import page
from glasshouse.web.new_model.augmented import examples
from glasshouse.web.new_model.estimate import Estimate, estimate, estimate_of, try_out
from glasshouse.web.new_model.form import (
    CHECKED,
    defaults,
    first_of,
    new_model,
    recipe_fields,
)
from glasshouse.web.new_model.presets import Preset, presets_for
from glasshouse.web.new_model.rate_preview import rates_ahead
from glasshouse.web.new_model.trial import Fit, fitting

__all__ = ["Plan", "drawing_of", "plan_of", "presets_of", "recipe_of", "router"]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Plan:
    """How many models a form makes, of how many rates and batch sizes, and what one of them takes if known."""

    models: int
    rates: int
    sizes: int
    one: Estimate | None


@dataclass(frozen=True)
class SchedulePart:
    """The learning rate as the form describes it."""

    drawing: Chart | None
    problems: Mapping[str, str]


@dataclass(frozen=True)
class AugmentedPart:
    """Pictures as the augmentation changes them: a row of addresses each."""

    rows: Sequence[Sequence[str]]
    wrong: str
    problems: Mapping[str, str]


@dataclass(frozen=True)
class EstimatePart:
    """Time and memory of a training; ``waits``: they are being measured."""

    found: Estimate | None
    wrong: str
    problems: Mapping[str, str]
    waits: bool = False


@dataclass(frozen=True)
class PlanPart:
    """How many models the form makes; ``alone``: not within the whole page."""

    plan: Plan | None
    problems: Mapping[str, str]
    alone: bool = True


@dataclass(frozen=True)
class WeightsPart:
    """What of the chosen weights fits the network."""

    found: Fit | None
    wrong: str


@router.get("/live/schedule", response_class=HTMLResponse)
def schedule(request: Request, context: Context) -> HTMLResponse:
    """Draw the learning rate that a form describes."""
    form = {**defaults(), **dict(request.query_params), "preset": "own"}
    recipe, problems = recipe_of(form, None)
    return page(request, "schedule.html", SchedulePart(drawing_of(recipe), problems))


@router.get("/live/augmented", response_class=HTMLResponse)
def augmented(request: Request, context: Context, dataset: str) -> HTMLResponse:
    """Show some training pictures of the dataset as the augmentation of a form changes them."""
    form = {**defaults(), **dict.fromkeys(CHECKED, ""), **dict(request.query_params)}
    recipe, problems = recipe_of(form, None)
    rows, wrong = [], ""
    if recipe is not None:
        try:
            rows = examples(find_dataset(context, dataset).folder, recipe.augmentation, recipe.seed)
        except GlasshouseError as error:
            wrong = str(error)
    return page(request, "augmented.html", AugmentedPart(rows, wrong, problems))


@router.get("/live/estimate", response_class=HTMLResponse)
def measured(request: Request, context: Context, dataset: str, preset: str = "own") -> HTMLResponse:
    """Tell time and memory of a preset, or of the form's own settings, measured now where it was not before."""
    check_member(context.user)
    form = {**defaults(), **dict.fromkeys(CHECKED, ""), **dict(request.query_params)}
    found: Estimate | None = None
    wrong, problems = "", {}
    try:
        way = next((one for one in presets_of(find_dataset(context, dataset)) if one.key == preset), None)
        fields = {**recipe_fields(first_of(form), way)}
        fields["network"] = network_layers(context.store, fields.get("network"), context.user)
        plain = fields.get("weights", "none") == "none" or isinstance(fields["network"], dict)
        fields["weights"] = "none" if plain else "pretrained"
        found = _tried(context.store, fields, find_dataset(context, dataset))
    except RecipeError as error:
        problems = problems_of(error)
    except GlasshouseError as error:
        wrong = str(error)
    return page(request, "estimate.html", EstimatePart(found, wrong, problems))


def _tried(store: Store, fields: Mapping[str, object], data: JobResource) -> Estimate | None:
    """Measure a training, or while others are being measured reckon it."""
    try:
        return try_out(store, fields, data)
    except BusyError:
        return estimate(store, fields, data)


@router.get("/live/plan", response_class=HTMLResponse)
def plan(request: Request, context: Context, dataset: str = "") -> HTMLResponse:
    """Tell how many models the form makes, as they are, and what is wrong with it."""
    form = {**defaults(), **dict.fromkeys(CHECKED, ""), **dict(request.query_params)}
    recipe, problems = recipe_of(form, None)
    data = find_dataset(context, dataset) if dataset else None
    return page(request, "plan.html", PlanPart(plan_of(context, form, data, recipe), problems))


@router.get("/live/weights", response_class=HTMLResponse)
def weights(request: Request, context: Context, dataset: str, network: str, weights: str) -> HTMLResponse:
    """Tell what of the chosen weights fits the network, before anything is trained."""
    check_member(context.user)
    found, wrong = None, ""
    try:
        found = _fitting(context, find_dataset(context, dataset), network, weights)
    except GlasshouseError as error:
        wrong = str(error)
    return page(request, "weights.html", WeightsPart(found, wrong))


def _fitting(context: RequestContext, data: JobResource, network: str, weights: str) -> Fit | None:
    if weights in ("", "none", "pretrained"):
        return None
    classes = len(opened(data.folder).classes) if data.state == "done" else 1
    channels = 1 if data.recipe.get("color") == "gray" else 3
    shape = channels, int(data.recipe.get("width", 224)), int(data.recipe.get("height", 224))
    runs, path = context.store.path("runs"), weights_path(context.store, weights, context.user)
    return fitting(runs, network_layers(context.store, network, context.user), path, classes, shape)


def plan_of(
    context: RequestContext, form: Mapping[str, str], data: JobResource | None, recipe: TrainingRecipe | None
) -> Plan | None:
    """Return what the own settings make: None if they cannot be read."""
    try:
        new = new_model({**form, "dataset": form.get("dataset") or "-"}, None)
    except RecipeError:
        return None
    rates, sizes = (len(new.sweep.get(name) or [0.0]) for name in ("lr", "batch_size"))
    one = estimate_of(context.store, recipe, data) if recipe and data else None
    return Plan(rates * sizes, rates, sizes, one)


def presets_of(dataset: JobResource | None) -> tuple[Preset, ...]:
    """Return the cards for a dataset's pictures."""
    return presets_for(dataset.recipe if dataset else {})


def recipe_of(form: Mapping[str, str], preset: Preset | None) -> tuple[TrainingRecipe | None, dict[str, str]]:
    """Return the recipe that a form describes, or what is wrong with it, by field."""
    try:
        fields = recipe_fields(first_of(form), preset)
        fields.pop("weights", None)  # a name of the Studio
        strategy = fields.pop("strategy", "scratch")
        weights = "none" if strategy == "scratch" else "pretrained"
        return TrainingRecipe(data="-", strategy=strategy, weights=weights, **fields).resolved(), {}
    except RecipeError as error:
        return None, problems_of(error)


def drawing_of(recipe: TrainingRecipe | None) -> Chart | None:
    """Return the learning rate over the epochs."""
    if recipe is None:
        return None
    return chart([Series("rate", "", rates_ahead(recipe))], (0.0, float(recipe.epochs or 1)), width=400)
