"""New model: a name and a dataset are enough; all else has a default, and shows what it does."""

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import GlasshouseError, Problem, RecipeError
from glasshouse.networks.catalogue import CATALOGUE, Entry
from glasshouse.networks.pretrained import at_hand
from glasshouse.networks.sizes import weights_for
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.networks import get_network, list_networks
from glasshouse.store.ownership import NAME_LENGTH, Listing
from glasshouse.store.searches import NewSearch, submit_search
from glasshouse.store.submit import model_problems, submit_models
from glasshouse.store.weights import weights_at_hand
from glasshouse.training.kept_epochs import checkpoint_names
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import MemberContext, RequestContext
from glasshouse.web.context.resource import DATASET, MODEL
from glasshouse.web.context.resources import datasets_and_models, find_dataset, find_model
from glasshouse.web.framework.charts import Chart
from glasshouse.web.framework.form_values import flat, problems_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.recipe_controls import FormSection, form_sections
from glasshouse.web.framework.templating import language_of, page
from glasshouse.web.models.recipe_texts import recipe_rows
from glasshouse.web.new_model.estimate import Estimate, estimate
from glasshouse.web.new_model.expected import PRETRAINED_START, RANDOM_START, Expected, expected_of
from glasshouse.web.new_model.form import (
    CHECKED,
    FIELDS,
    checked_model,
    defaults,
    filled_from,
)
from glasshouse.web.new_model.live_parts import Plan, drawing_of, plan_of, presets_of, recipe_of
from glasshouse.web.new_model.presets import Preset, preset_words, pretrained_for

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
USABLE = ("done", "running", "queued")  # states of a dataset
BEGIN = "balanced"  # the card that your own settings begin with, unless another one is chosen first
MINUTES = (2, 10, 60)  # of a search, one press each; the second is chosen unless something else is


@dataclass(frozen=True)
class Card:
    """What a preset does: its recipe in ``rows`` of name and value, and as JSON the ``fields`` that make it."""

    key: str
    rows: Sequence[tuple[str, str]]
    fields: str


@dataclass(frozen=True)
class NewModelPage:
    """The form with what is wrong by field, and what its fields may be: datasets, presets, networks, weights, models.

    ``known`` is the network whose weights a search may begin with, ``minutes`` what it may take. ``begins`` is the card
    whose settings one's own begin with; ``sizes`` are the weights of each network for these pictures.
    ``expected`` is the accuracy that each card is likely to reach, ``example`` that of a pretrained and a random start.
    ``estimates`` are those of the presets by key, ``own_networks`` (value, name), ``weights_here`` the networks whose
    pretrained weights are at hand, ``models`` those with checkpoints to begin from.
    """

    form: Mapping[str, str]
    problems: Mapping[str, str]
    datasets: Sequence[JobResource]
    chosen: JobResource | None
    presets: Sequence[Preset]
    ways: Mapping[str, tuple[str, str]]
    estimates: Mapping[str, Estimate | None]
    plan: Plan | None
    networks: Sequence[Entry]
    own_networks: Sequence[tuple[str, str]]
    shelf: Sequence[str]
    weights_here: Set[str]
    models: Sequence[tuple[JobResource, Sequence[str]]]
    drawing: Chart | None
    sections: Mapping[str, FormSection]
    known: str | None
    cards: Sequence[Card]
    sizes: Mapping[str, int | None]
    begins: str
    minutes: Sequence[int]
    expected: Mapping[str, Expected | None]
    example: Sequence[Expected] = (PRETRAINED_START, RANDOM_START)
    alone: bool = False


@router.get("/models/new", response_class=HTMLResponse)
def show(request: Request, context: MemberContext) -> HTMLResponse:
    """Show the form: empty, of another model (``clone``), or as it was sent to see what it does."""
    given = dict(request.query_params)
    form = {**_start(context, given.get("clone", "")), **_own_network(context, given.get("network", "")), **given}
    if not {"clone", "network", "sent"} & set(given):
        form = {**form, **_card_form(context, given), **given}
    if not {"preset", "clone", "network", "from"} & set(given):
        form["preset"] = ""  # whichever suits the dataset
    if "sent" in given:
        form |= {name: given.get(name, "") for name in CHECKED}
    return _form(request, context, form, {})


@router.post("/models/new", response_class=HTMLResponse)
async def create(request: Request, context: MemberContext) -> Response:
    """Queue the training, or show the form again with what is wrong."""
    async with request.form() as posted:
        form = {**defaults(), **dict.fromkeys(CHECKED, ""), **{k: v for k, v in posted.items() if isinstance(v, str)}}
    return await run_in_threadpool(_create, request, context, form)


def _create(request: Request, context: RequestContext, form: dict[str, str]) -> Response:
    """Make the models; if something is wrong, all of it is reported in one answer."""
    if form.get("preset") == "search":
        return _search(request, context, form)
    problems: dict[str, str] = {}
    preset = None
    try:
        preset = _preset(context, form)
    except GlasshouseError as error:
        problems["dataset"] = str(error)
    new, unread = checked_model(form, preset)
    problems |= problems_of(RecipeError("the model", unread))
    if not problems:
        try:
            made = [one.id for one in submit_models(context.store, new, context.user)]
        except GlasshouseError as error:
            problems = problems_of(error) if isinstance(error, RecipeError) else {"dataset": str(error)}
        else:
            address = f"/models/{made[0]}" if len(made) == 1 else f"/?{urlencode({'q': form['name'].strip()})}"
            return RedirectResponse(address, 303)
    rest = problems_of(RecipeError("the model", model_problems(context.store, new, context.user)))
    problems = rest | problems
    if "sweep" in problems:  # which is no field of its own: the rates and batch sizes are
        problems.setdefault("optimizer.lr", problems.pop("sweep"))
    return _form(request, context, form, problems, 422)


def _search(request: Request, context: RequestContext, form: dict[str, str]) -> Response:
    """Begin a search, or show the form again with what is wrong."""
    try:
        made = submit_search(context.store, _asked_search(form), context.user)
    except RecipeError as error:
        wrong = problems_of(error)
        return _form(request, context, form, {"dataset" if k == "dataset_id" else k: v for k, v in wrong.items()}, 422)
    except GlasshouseError as error:
        return _form(request, context, form, {"dataset": str(error)}, 422)
    return RedirectResponse(f"/models/{made.id}/search", 303)


def _asked_search(form: Mapping[str, str]) -> NewSearch:
    """Return the search that the form asks for; no minutes: until it is stopped.

    Raises:
        RecipeError: a number is none; it is reported at its field.
    """
    found: dict[str, float | None] = {}
    for name, usual in (("minutes", str(MINUTES[1])), ("candidates", "")):
        text = form.get(name, usual).strip()
        try:
            found[name] = float(text) if text else None
        except ValueError:
            raise RecipeError("the search", [Problem(name, "expected a number")]) from None
    candidates = found["candidates"]
    return NewSearch(
        form.get("name", ""), form.get("dataset", ""), None if candidates else found["minutes"],
        None if candidates is None else int(candidates), notes=form.get("notes", ""),
    )  # fmt: skip


def _start(context: RequestContext, clone: str) -> dict[str, str]:
    if not clone:
        return defaults()
    job = find_model(context, clone)
    whole = {name: value for name, value in job.recipe.items() if name != "learn_from" or not job.search}
    form = filled_from(whole)  # a candidate learned from a part of the pictures; its clone learns from all
    if isinstance(job.recipe.get("network"), Mapping):
        form["network"] = f"model:{job.id}"  # the same layers again
    return {
        **form,
        "name": f"{job.name[: NAME_LENGTH - 2]} 2",
        "dataset": job.dataset or "",
        "parent": job.id,
        "notes": job.notes,
    }


def _card_form(context: RequestContext, given: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the card that your own settings begin with (``from``, else balanced)."""
    chosen = _chosen(datasets_and_models(context), given.get("dataset", ""))
    way = next((way for way in presets_of(chosen) if way.key == given.get("from", BEGIN)), None)
    own = {"preset": "own"} if "from" in given else {}
    return {**_fields_of(way), **own} if way and chosen else own


def _fields_of(way: Preset) -> dict[str, str]:
    """Return the form that a preset would be set up by, field by field."""
    whole = filled_from(way.recipe)
    return {name: whole[name] for name in FIELDS if name in whole}


def _card(_: Callable[[str], str], way: Preset) -> Card:
    weights = "none" if way.recipe.get("weights") == "none" else "pretrained"
    recipe = TrainingRecipe(**{**way.recipe, "data": "-", "weights": weights}).resolved()
    return Card(way.key, recipe_rows(_, recipe.model_dump(mode="json")), json.dumps(_fields_of(way)))


def _chosen(jobs: Sequence[JobResource], key: str) -> JobResource | None:
    """Return the dataset that is asked for, else the newest that can be trained on."""
    usable = [job for job in jobs if job.kind == DATASET and job.state in USABLE]
    return next((job for job in usable if job.id == key), usable[0] if usable else None)


def _sizes(chosen: JobResource | None) -> dict[str, int | None]:
    """Return the weights of each network for the pictures of a dataset; None if they are too small for it."""
    recipe = chosen.recipe if chosen else {}
    width, height = int(recipe.get("width", 224)), int(recipe.get("height", 224))
    channels, classes = 1 if recipe.get("color") == "gray" else 3, (chosen.classes if chosen else None) or 10
    return {name: weights_for(one, classes, channels, width, height) for name, one in CATALOGUE.items()}


def _own_network(context: RequestContext, network: str) -> dict[str, str]:
    """Return what a custom network puts into the form: itself, its objective and its optimizer."""
    if not network.startswith("network:"):
        return {}
    record = get_network(context.store, network.removeprefix("network:"), context.user)
    parts = {"objective": record.objective, "optimizer": record.optimizer}
    return {**flat(parts, frozenset()), "network": network, "weights": "none", "strategy": "scratch", "preset": "own"}


def _form(
    request: Request, context: RequestContext, form: Mapping[str, str], problems: Mapping[str, str], status: int = 200
) -> HTMLResponse:
    jobs = datasets_and_models(context)
    usable = [job for job in jobs if job.kind == DATASET and job.state in USABLE]
    chosen = _chosen(jobs, form.get("dataset", ""))
    ways = presets_of(chosen)
    drawn, _ = recipe_of(form, None)
    known = pretrained_for(chosen.recipe) if chosen else None
    usual = "search" if known else "balanced"
    shown = NewModelPage(
        form={**form, "dataset": chosen.id if chosen else "", "preset": form.get("preset") or usual},
        known=known,
        cards=[_card(texts(language_of(request)).gettext, way) for way in ways],
        sizes=_sizes(chosen),
        begins=form.get("from", BEGIN),
        minutes=MINUTES,
        expected=expected_of(jobs, chosen, ways, known),
        problems=problems,
        datasets=usable,
        chosen=chosen,
        presets=ways,
        ways=preset_words(texts(language_of(request)).gettext),
        estimates={way.key: estimate(context.store, way.recipe, chosen) if chosen else None for way in ways},
        plan=plan_of(context, form, chosen, drawn),
        networks=list(CATALOGUE.values()),
        own_networks=_own_networks(context, jobs, form.get("network", "")),
        shelf=[item.card.name for item in weights_at_hand(context.store) if not item.packaged],
        weights_here={name for name, entry in CATALOGUE.items() if at_hand(entry)},
        models=[(job, checkpoint_names(job.folder)) for job in jobs if job.kind == MODEL and job.state == "done"],
        drawing=drawing_of(drawn),
        sections=form_sections(language_of(request), form),
    )
    return page(request, "model_new.html", shown, status=status)


def _own_networks(context: RequestContext, jobs: Sequence[JobResource], chosen: str) -> list[tuple[str, str]]:
    """Return (value, name) of the custom networks that can be trained, and of the one that is cloned."""
    own = [
        one for one in list_networks(context.store, context.user, Listing(sort="name", limit=1000)) if not one.problems
    ]
    found = [(f"network:{one.id}", one.name) for one in own]
    return found + [(chosen, f"{job.network} ({job.name})") for job in jobs if chosen == f"model:{job.id}"]


def _preset(context: RequestContext, form: Mapping[str, str]) -> Preset | None:
    """Return the preset that the form asks for; None if the person set everything."""
    if form.get("preset") == "own" or not form.get("dataset"):
        return None
    ways = presets_of(find_dataset(context, form["dataset"]))
    return next((way for way in ways if way.key == form.get("preset")), ways[1])
