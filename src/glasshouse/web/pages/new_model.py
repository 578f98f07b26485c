"""New model: a name and a dataset are enough; all else has a default, and shows what it does."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import GlasshouseError, RecipeError
from glasshouse.networks.catalogue import CATALOGUE
from glasshouse.recipe import TrainingRecipe
from glasshouse.training.schedules import rate
from glasshouse.web.augmented import examples
from glasshouse.web.charts import Series, chart
from glasshouse.web.estimate import paces, seconds_for
from glasshouse.web.form_values import problems_of
from glasshouse.web.model_form import CHECKED, defaults, filled_from, new_model, recipe_fields
from glasshouse.web.pages.access import DeskNow
from glasshouse.web.pages.desk import DATASET, MODEL, Desk, Job
from glasshouse.web.presets import Preset, presets, weights_here
from glasshouse.web.templating import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
POINTS = 200


@router.get("/models/new", response_class=HTMLResponse)
def show(request: Request, desk: DeskNow) -> HTMLResponse:
    """Show the form: empty, of another model (``clone``), or as it was sent to see what it does."""
    given = dict(request.query_params)
    form = {**_start(desk, given.get("clone", "")), **given}
    if "sent" in given:
        form |= {name: given.get(name, "") for name in CHECKED}
    return _form(request, desk, form, {})


@router.post("/models/new", response_class=HTMLResponse)
async def create(request: Request, desk: DeskNow) -> Response:
    """Queue the training, or show the form again with what is wrong."""
    async with request.form() as posted:
        form = {**defaults(), **dict.fromkeys(CHECKED, ""), **{k: v for k, v in posted.items() if isinstance(v, str)}}
    return await run_in_threadpool(_create, request, desk, form)


@router.get("/live/schedule", response_class=HTMLResponse)
def schedule(request: Request, desk: DeskNow) -> HTMLResponse:
    """Draw the learning rate that a form describes."""
    form = {**defaults(), **dict(request.query_params), "preset": "own"}
    recipe, problems = _recipe(form, None)
    return page(request, "schedule.html", drawing=_drawing(recipe), problems=problems)


@router.get("/live/augmented", response_class=HTMLResponse)
def augmented(request: Request, desk: DeskNow, dataset: str) -> HTMLResponse:
    """Show some training pictures of the dataset as the augmentation of a form changes them."""
    form = {**defaults(), **dict.fromkeys(CHECKED, ""), **dict(request.query_params)}
    recipe, problems = _recipe(form, None)
    rows, wrong = [], "; ".join(f"{name}: {message}" for name, message in problems.items())
    if recipe is not None:
        try:
            rows = examples(desk.dataset(dataset).folder, recipe.augmentation, recipe.seed)
        except GlasshouseError as error:
            wrong = str(error)
    return page(request, "augmented.html", rows=rows, wrong=wrong)


def _create(request: Request, desk: Desk, form: dict[str, str]) -> Response:
    try:
        made = desk.make_models(new_model(form, _preset(desk, form)))
    except RecipeError as error:
        return _form(request, desk, form, problems_of(error), 422)
    except GlasshouseError as error:
        return _form(request, desk, form, {"dataset": str(error)}, 422)
    if len(made) > 1:
        return RedirectResponse(f"/?{urlencode({'q': form['name'].strip()})}", 303)
    return RedirectResponse(f"/models/{made[0]}", 303)


def _start(desk: Desk, clone: str) -> dict[str, str]:
    if not clone:
        return defaults()
    job = desk.model(clone)
    form = filled_from(job.recipe)
    return {**form, "name": f"{job.name} 2", "dataset": job.dataset or "", "parent": job.id, "notes": job.notes}


def _form(
    request: Request, desk: Desk, form: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> HTMLResponse:
    jobs = desk.jobs()
    usable = [job for job in jobs if job.kind == DATASET and job.state in ("done", "running", "queued")]
    chosen = next((job for job in usable if job.id == form.get("dataset")), usable[0] if usable else None)
    ways = _presets(chosen)
    known = paces(jobs)
    drawn, _ = _recipe(form, None)
    context: dict[str, Any] = {
        "form": {**form, "dataset": chosen.id if chosen else ""},
        "problems": problems,
        "datasets": usable,
        "chosen": chosen,
        "presets": ways,
        "seconds": {way.key: seconds_for(known, way.recipe, chosen) if chosen else None for way in ways},
        "networks": list(CATALOGUE.values()),
        "weights_here": {name for name, entry in CATALOGUE.items() if weights_here(entry)},
        "models": [job for job in jobs if job.kind == MODEL and job.state == "done"],
        "drawing": _drawing(drawn),
    }
    return page(request, "model_new.html", status, **context)


def _presets(dataset: Job | None) -> tuple[Preset, ...]:
    recipe = dataset.recipe if dataset else {}
    return presets(int(recipe.get("width", 224)), int(recipe.get("height", 224)), str(recipe.get("color", "rgb")))


def _preset(desk: Desk, form: Mapping[str, str]) -> Preset | None:
    """Return the preset that the form asks for; None where the person set everything."""
    if form.get("preset") == "own" or not form.get("dataset"):
        return None
    ways = _presets(desk.dataset(form["dataset"]))
    return next((way for way in ways if way.key == form.get("preset")), ways[1])


def _recipe(form: Mapping[str, str], preset: Preset | None) -> tuple[TrainingRecipe | None, dict[str, str]]:
    try:
        fields = recipe_fields(form, preset)
        for name in ("weights", "batch_size"):  # names of the Studio, and lists, which the schedule does not need
            fields.pop(name, None)
        rates = str(fields.get("optimizer", {}).get("lr", "")).replace(",", " ").split()
        if rates:
            fields["optimizer"]["lr"] = rates[0]
        strategy = fields.pop("strategy", "scratch")
        weights = "none" if strategy == "scratch" else "pretrained"
        return TrainingRecipe(data="-", strategy=strategy, weights=weights, **fields).resolved(), {}
    except RecipeError as error:
        return None, problems_of(error)


def _drawing(recipe: TrainingRecipe | None) -> Any:
    if recipe is None:
        return None
    epochs = recipe.epochs or 1
    warmup = round(recipe.schedule.warmup / epochs * POINTS)
    points = [
        (epochs * k / POINTS, rate(k, POINTS, recipe.optimizer.lr or 1e-3, recipe.schedule, warmup))
        for k in range(POINTS + 1)
    ]
    return chart([Series("rate", "", points)], (0.0, float(epochs)), width=400)
