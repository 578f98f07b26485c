"""Custom networks: listed, built from layers, saved; edit.py and several.py do the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from glasshouse.errors import ConflictError, GlasshouseError, RecipeError
from glasshouse.layers.classics import CLASSICS
from glasshouse.layers.classifier import Classifier
from glasshouse.layers.look import Look
from glasshouse.store.bulk_actions import count_binned_at
from glasshouse.store.datasets import get_dataset
from glasshouse.store.networks import (
    NewNetwork,
    change_network,
    count_networks,
    get_network,
    list_networks,
    network_layers,
    page_of_networks,
    save_network,
)
from glasshouse.store.ownership import Listing, may_change
from glasshouse.store.paging import Page
from glasshouse.store.people import list_users
from glasshouse.store.records import DatasetRecord, NetworkRecord
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resource import DATASET, MODEL, NetworkResource, network_resource
from glasshouse.web.context.resources import datasets_and_models, find_model, group_names
from glasshouse.web.framework.form_values import problems_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.recipe_controls import RecipeControl, recipe_controls
from glasshouse.web.framework.templating import language_of, page
from glasshouse.web.home.page import address_of
from glasshouse.web.networks.controls import GROUPS
from glasshouse.web.networks.draft import Draft
from glasshouse.web.networks.form import (
    Card,
    Filled,
    Room,
    cards,
    changed,
    classic,
    example,
    filled,
    machine_memory,
    room_for,
    sent,
)
from glasshouse.web.networks.picture import Picture, picture

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Layers: TypeAlias = Mapping[str, object]  # a description, as ``Network.to_dict`` gives it
MOST_FIELDS = 20_000
ROWS = 100
KEEPING = ("save", "copy", "train")


@dataclass(frozen=True)
class NetworksPage:
    """The custom networks that fit what was ``asked``, of ``count``; ``rows`` has the marks of the next pages.

    ``undo`` is when the last things went into the bin, ``undo_count`` how many.
    """

    networks: Sequence[NetworkResource]
    asked: Mapping[str, str]
    rows: Page[NetworkRecord]
    count: int
    groups: Sequence[str]
    people: Mapping[str, str]
    in_bin: int
    undo: float | None
    undo_count: int
    link: Callable[..., str]


@dataclass(frozen=True)
class Editor:
    """The form of a network with what its layers amount to; ``said`` is what the last button did."""

    form: Mapping[str, str]
    problems: Mapping[str, str]
    draft: Draft
    look: Look
    chosen: str
    said: str
    cards: Sequence[Card]
    room: Room
    picture: Picture
    vocabulary: Mapping[str, Sequence[str]]
    objective: Sequence[RecipeControl]
    optimizer: Sequence[RecipeControl]


@dataclass(frozen=True)
class Subject:
    """What the editor is opened on: a network with its ``chosen`` block, or what a new one begins with."""

    network: NetworkRecord | None = None
    chosen: str = ""
    start: str = ""
    dataset: str = ""
    saved: bool = False


@dataclass(frozen=True)
class BuildPage:
    """What is around the editor: the network that is changed, or what a new one may begin with."""

    network: NetworkRecord | None
    job: NetworkResource | None
    saved: bool
    start: str
    dataset: str
    classics: Sequence[str]
    owned: Sequence[NetworkRecord]
    models: Sequence[JobResource]
    datasets: Sequence[JobResource]
    mine: bool


class Asked(BaseModel):
    """The address of the list as it came; ``binned`` is when the last things went into the bin."""

    q: str = ""
    group: str = ""
    owner: str = ""
    after: str = ""
    before: str = ""
    binned: float | None = None


@router.get("/networks", response_class=HTMLResponse)
def show_all(request: Request, context: Context, sent: Annotated[Asked, Query()]) -> HTMLResponse:
    """List the custom networks, found by words, group and owner; those changed last first."""
    binned = sent.binned
    asked = {"q": sent.q[:200], "group": sent.group,
             "owner": sent.owner if sent.owner in ("mine", "others") and context.user else ""}  # fmt: skip
    listing = Listing(asked["q"], sent.group or None, sort="-updated_at", limit=ROWS, owner=asked["owner"],
                      after=sent.after, before=sent.before)  # fmt: skip
    found = page_of_networks(context.store, context.user, listing)
    undo_count = 0 if binned is None else count_binned_at(context.store, binned, context.user)
    shown = NetworksPage(
        networks=[network_resource(one, context.user) for one in found.items],
        asked=asked,
        rows=found,
        count=count_networks(context.store, context.user, listing),
        groups=group_names(context),
        people={user.id: user.name for user in list_users(context.store)} if context.user else {},
        in_bin=count_networks(context.store, context.user, Listing(binned=True)),
        undo=binned if undo_count else None,
        undo_count=undo_count,
        link=lambda **more: address_of("/networks", **(asked | more)),
    )
    return page(request, "networks.html", shown)


@router.get("/networks/new", response_class=HTMLResponse)
def new(request: Request, context: Context, dataset: str = "") -> HTMLResponse:
    """Begin a network: with an example, nothing, a classic, an own one or a model's, for a dataset's pictures."""
    start, problems = request.query_params.get("from", ""), {}
    layers, objective, optimizer = _started(context, start)
    if dataset:
        try:
            layers = _for_dataset(get_dataset(context.store, dataset, context.user), layers)
        except RecipeError as error:
            problems = problems_of(error)
    form = filled(layers, objective, optimizer, name="")
    return _page(request, context, form, problems, Subject(start=start, dataset=dataset))


@router.post("/networks/new", response_class=HTMLResponse)
async def make(request: Request, context: Context) -> Response:
    """Save a new network, or do what a button of the editor asks."""
    form, do = await _sent(request)
    return await run_in_threadpool(_done, request, context, form, do, None)


@router.post("/live/network", response_class=HTMLResponse)
async def live(request: Request, context: Context) -> HTMLResponse:
    """Return the editor as the form would leave it: shapes, weights, memory, problems, picture."""
    form, do = await _sent(request)
    return await run_in_threadpool(_fragment, request, form, do)


@router.get("/networks/{key}", response_class=HTMLResponse)
def show(request: Request, context: Context, key: str, saved: str = "") -> HTMLResponse:
    """Show one network in the editor."""
    record = get_network(context.store, key, context.user)
    form = filled(record.layers, record.objective, record.optimizer, name=record.name, notes=record.notes,
                  revision=str(record.revision))  # fmt: skip
    return _page(request, context, form, {}, Subject(record, saved=bool(saved)))


@router.post("/networks/{key}", response_class=HTMLResponse)
async def change(request: Request, context: Context, key: str) -> Response:
    """Save a network, or do what a button of the editor asks."""
    form, do = await _sent(request)
    record = await run_in_threadpool(get_network, context.store, key, context.user)
    return await run_in_threadpool(_done, request, context, form, do, record)


async def _sent(request: Request) -> tuple[Filled, str]:
    async with request.form(max_fields=MOST_FIELDS, max_files=0) as posted:
        items = [(name, value) for name, value in posted.multi_items() if isinstance(value, str)]
    do = dict(items).get("do", "look")
    return sent(items), do


def _done(request: Request, context: RequestContext, form: Filled, do: str, record: NetworkRecord | None) -> Response:
    if do not in KEEPING:
        after, chosen = changed(form, do)
        return _page(request, context, after, {}, Subject(record, chosen))
    try:
        kept = _kept(context, form, None if do == "copy" else record)
    except RecipeError as error:
        return _page(request, context, form, problems_of(error), Subject(record), 422)
    except ConflictError as error:
        return _page(request, context, form, {"": str(error)}, Subject(record), 409)
    if do == "train" and not kept.problems:
        return RedirectResponse(f"/models/new?network=network:{kept.id}", 303)
    return RedirectResponse(f"/networks/{kept.id}?saved=1", 303)


def _kept(context: RequestContext, form: Filled, record: NetworkRecord | None) -> NetworkRecord:
    objective, optimizer, _ = form.parts()
    name, notes = form.fields["name"], form.fields["notes"]
    layers = form.draft.description(name.strip() or "network")
    if record is None:
        return save_network(context.store, NewNetwork(name, layers, objective, optimizer, notes), context.user)
    revision = form.fields["revision"]
    changes: dict[str, object] = {"name": name, "notes": notes, "layers": layers, "objective": objective,
                                  "optimizer": optimizer}  # fmt: skip
    changes["revision"] = int(revision) if revision.isdecimal() and len(revision) < 10 else 0
    return change_network(context.store, record.id, changes, context.user)


def _page(
    request: Request, context: RequestContext, form: Filled, problems: Mapping[str, str], of: Subject,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    network = of.network
    jobs = datasets_and_models(context)
    shown = BuildPage(
        network,
        network_resource(network, context.user) if network else None,
        of.saved,
        of.start,
        of.dataset,
        classics=list(CLASSICS),
        owned=[] if network else list_networks(context.store, context.user, Listing(sort="name", limit=1000)),
        models=[job for job in jobs if job.kind == MODEL and _has_layers(job)],
        datasets=[job for job in jobs if job.kind == DATASET and job.state == "done"],
        mine=may_change(network.owner_id if network else None, context.user),
    )
    editor = _editor(language_of(request), form, problems, of.chosen)
    return page(request, "network_build.html", shown, editor, status=status)


def _fragment(request: Request, form: Filled, do: str) -> HTMLResponse:
    after, chosen = changed(form, do)
    names = after.draft.names()
    said = ""
    if chosen in names and do != "look":
        _ = texts(language_of(request)).gettext
        said = _("{name} is number {number} of {count}").format(
            name=chosen, number=names.index(chosen) + 1, count=len(names)
        )
    return page(request, "network_editor.html", _editor(language_of(request), after, after.parts()[2], chosen, said))


def _editor(language: str, form: Filled, problems: Mapping[str, str], chosen: str, said: str = "") -> Editor:
    look = form.draft.look()
    return Editor(
        form.fields,
        problems,
        form.draft,
        look,
        chosen,
        said,
        cards=cards(form.draft, look, chosen),
        room=room_for(look, form, machine_memory()),
        picture=picture(form.draft, look),
        vocabulary=GROUPS,
        objective=recipe_controls(language, form.fields, "objective"),
        optimizer=recipe_controls(language, form.fields, "optimizer"),
    )


def _started(context: RequestContext, start: str) -> tuple[Layers, Mapping[str, Any], Mapping[str, Any]]:
    """Return layers, objective and optimizer to begin with."""
    kind, _, key = start.partition(":")
    if kind == "network":
        record = get_network(context.store, key, context.user)
        return record.layers, record.objective, record.optimizer
    if kind == "model":
        recipe = find_model(context, key).recipe
        layers = network_layers(context.store, start, context.user)
        layers = classic(layers) if isinstance(layers, str) else layers
        return layers, recipe.get("objective", {}), recipe.get("optimizer", {})
    if kind == "classic":
        return classic(key), {}, {}
    return example(bare=kind == "empty"), {}, {}


def _for_dataset(dataset: DatasetRecord, layers: Layers) -> Layers:
    recipe = dataset.recipe
    classes = (dataset.summary or {}).get("classes", [])
    channels = 1 if recipe.get("color") == "gray" else 3
    fitted = Classifier.of(layers).fitted(classes=max(2, len(classes)), channels=channels, width=int(recipe["width"]),
                                          height=int(recipe["height"]))  # fmt: skip
    return fitted.description


def _has_layers(job: JobResource) -> bool:
    return isinstance(job.recipe.get("network"), Mapping) or job.network in CLASSICS


def _found(context: RequestContext, key: str) -> NetworkRecord | None:
    try:
        return get_network(context.store, key, context.user)
    except GlasshouseError:
        return None
