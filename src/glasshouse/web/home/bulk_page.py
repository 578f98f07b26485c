"""Several datasets, models and networks at once: into the bin and back, aborted, grouped, shared; and the bin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.store.bulk_actions import (
    Chosen,
    Obstacle,
    abort_chosen,
    bin_chosen,
    change_chosen,
    chosen_from,
    look_up,
    obstacles,
    restore_binned_at,
)
from glasshouse.store.datasets import page_of_datasets
from glasshouse.store.models import page_of_models
from glasshouse.store.networks import page_of_networks
from glasshouse.store.ownership import Listing
from glasshouse.store.paging import Page
from glasshouse.store.records import DatasetRecord, ModelRecord, NetworkRecord, OwnedRecord
from glasshouse.store.resources import delete_resource, kind_of, restore_resources
from glasshouse.web.context.job_resource import dataset_resource, model_resource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resource import Resource, network_resource
from glasshouse.web.framework.templating import page
from glasshouse.web.home.page import inside

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Words = Annotated[list[str] | None, Form()]
Back = Annotated[str, Form()]
BINNED = 100  # rows of the bin a page


@dataclass(frozen=True)
class BinPage:
    """What was deleted, by kind, with the pages of each list; ``mark`` makes a page's place fit for an address."""

    lists: Mapping[str, Sequence[Resource]]
    pages: Mapping[str, Page[ModelRecord] | Page[DatasetRecord] | Page[NetworkRecord]]
    mark: Callable[[str | None], str]


@dataclass(frozen=True)
class DeleteAsked:
    """What stands ``against`` a deletion; ``chosen`` and those ``free`` of obstacles are ``kind/id``.

    It is ``final`` where it cannot be done even if the person insists.
    """

    against: Sequence[Obstacle]
    chosen: Sequence[str]
    count: int
    final: bool
    free: Sequence[str]


@router.post("/chosen/delete")
def delete(
    request: Request, context: Context, chosen: Words = None, even_if_used: Annotated[bool, Form()] = False
) -> Response:
    """Put several into the bin, all or none; what is against it is reported first, and the undo is offered."""
    return _binned(request, context, _look_up(context, chosen), even_if_used)


@router.post("/{kind}/{key}/delete")
def delete_one(
    request: Request, context: Context, kind: str, key: str, even_if_used: Annotated[bool, Form()] = False
) -> Response:
    """Put a dataset, a model or a network into the bin, and offer Undo in its list."""
    return _binned(request, context, _look_up(context, [f"{kind}/{key}"]), even_if_used)


@router.post("/chosen/abort")
def abort(context: Context, chosen: Words = None, back: Back = "/") -> RedirectResponse:
    """Abort those of the chosen that work or wait."""
    abort_chosen(context.store, _look_up(context, chosen), context.user)
    return RedirectResponse(inside(back), 303)


@router.post("/chosen/group")
def group(
    context: Context, chosen: Words = None, group_name: Annotated[str, Form()] = "", back: Back = "/"
) -> RedirectResponse:
    """Put the chosen into a group; no name takes them out of theirs."""
    change_chosen(context.store, _look_up(context, chosen), {"group_name": group_name.strip()}, context.user)
    return RedirectResponse(inside(back), 303)


@router.post("/chosen/share")
def share(
    context: Context, chosen: Words = None, shared: Annotated[bool, Form()] = False, back: Back = "/"
) -> RedirectResponse:
    """Share the chosen with everybody who has an account here, or keep them for oneself."""
    change_chosen(context.store, _look_up(context, chosen), {"shared": shared}, context.user)
    return RedirectResponse(inside(back), 303)


@router.get("/bin", response_class=HTMLResponse)
def trash(request: Request, context: Context, after: str = "", before: str = "", show: str = "models") -> HTMLResponse:
    """Show what was deleted and can come back, the latest first; ``show``: the list that is paged."""
    listing = Listing(binned=True, sort="-deleted_at", limit=BINNED, after=after, before=before)
    first = Listing(binned=True, sort="-deleted_at", limit=BINNED)
    models = page_of_models(context.store, context.user, listing if show == "models" else first)
    datasets = page_of_datasets(context.store, context.user, listing if show == "datasets" else first)
    networks = page_of_networks(context.store, context.user, listing if show == "networks" else first)
    shown = BinPage(
        lists={
            "models": [model_resource(context.store, one, context.user) for one in models.items],
            "datasets": [dataset_resource(context.store, one, context.user) for one in datasets.items],
            "networks": [network_resource(one, context.user) for one in networks.items],
        },
        pages={"models": models, "datasets": datasets, "networks": networks},
        mark=lambda text: quote(text or "", safe=""),
    )
    return page(request, "bin.html", shown)


@router.post("/bin/undo")
def undo(context: Context, at: Annotated[float, Form()]) -> RedirectResponse:
    """Bring back what went into the bin together; if it is one thing, show it."""
    found = restore_binned_at(context.store, at, context.user)
    if len(found) == 1:
        return RedirectResponse(f"/{kind_of(found[0])}s/{found[0].id}", 303)
    return RedirectResponse(_list_of(found), 303)


@router.post("/chosen/restore")
def restore_chosen(context: Context, chosen: Words = None) -> RedirectResponse:
    """Take several out of the bin."""
    restore_resources(context.store, _look_up(context, chosen).all, context.user)
    return RedirectResponse("/bin", 303)


@router.post("/chosen/empty")
def empty_chosen(context: Context, chosen: Words = None) -> RedirectResponse:
    """Delete several things that are in the bin for good, with their files."""
    for record in _look_up(context, chosen).all:  # models first: a dataset that they need stays otherwise
        delete_resource(context.store, record, context.user)
    return RedirectResponse("/bin", 303)


@router.post("/{kind}/{key}/restore")
def restore(context: Context, kind: str, key: str) -> Response:
    """Take a dataset, a model or a network out of the bin."""
    restore_resources(context.store, _look_up(context, [f"{kind}/{key}"]).all, context.user)
    return RedirectResponse(f"/{kind}/{key}", 303)


@router.post("/{kind}/{key}/empty")
def empty(context: Context, kind: str, key: str) -> Response:
    """Delete what is in the bin for good, with its files."""
    for record in _look_up(context, [f"{kind}/{key}"]).all:
        delete_resource(context.store, record, context.user)
    return RedirectResponse("/bin", 303)


def _binned(request: Request, context: RequestContext, chosen: Chosen, even_if_used: bool) -> Response:
    against = obstacles(context.store, chosen, context.user)
    if any(one.final or not even_if_used for one in against):
        held = {one.record.id for one in against}
        free = [record for record in chosen.all if record.id not in held]
        words = [f"{kind_of(record)}s/{record.id}" for record in chosen.all]
        names = [f"{kind_of(record)}s/{record.id}" for record in free]
        asked = DeleteAsked(against, words, len(words), any(one.final for one in against), names)
        return page(request, "delete_asked.html", asked, status=409)
    if not chosen.all:
        return RedirectResponse("/", 303)
    at = bin_chosen(context.store, chosen, context.user, even_if_used=even_if_used)
    return RedirectResponse(f"{_list_of(chosen.all)}?binned={at!r}", 303)


def _list_of(records: Sequence[OwnedRecord]) -> str:
    return "/networks" if records and {kind_of(one) for one in records} == {"network"} else "/"


def _look_up(context: RequestContext, words: list[str] | None) -> Chosen:
    return look_up(context.store, chosen_from(words or ()), context.user)
