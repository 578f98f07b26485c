"""The page of the shelf of weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.errors import GlasshouseError
from glasshouse.networks.shelf.items import Card, Item
from glasshouse.store.jobs import list_jobs
from glasshouse.store.ownership import check_member
from glasshouse.store.records import JobKind, JobRecord, JobState, Role
from glasshouse.store.weights import (
    may_remove,
    remove_weights,
    submit_weights_fetch,
    submit_weights_file,
    weights_at_hand,
    weights_to_fetch,
)
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import page

__all__ = ["router"]

router = APIRouter(prefix="/weights", include_in_schema=False)
SHOWN = 5  # of the jobs that ended
Word = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True)
class Shelved:
    """Weights at hand, and whether who asks may remove them."""

    card: Card
    packaged: bool
    removable: bool


@dataclass(frozen=True)
class Work:
    """A job that adds or fetches weights, and what to do if it failed."""

    job: JobRecord
    step: NextStep | None


@dataclass(frozen=True)
class ShelfPage:
    """What the page shows; ``form`` is what was typed, ``wrong`` why it was refused."""

    shelved: Sequence[Shelved]
    fetchable: Sequence[Card]
    works: Sequence[Work]
    form: dict[str, str]
    wrong: str
    done: str
    may_add: bool


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, done: str = "") -> HTMLResponse:
    """Show what is on the shelf, and what can be fetched."""
    return _page(request, context, done=done)


@router.post("")
def add(
    request: Request, context: Context, upload: Word = "", network: Word = "", name: Word = "", licence: Word = ""
) -> Response:
    """Put an uploaded file on the shelf."""
    form = {"network": network, "name": name, "licence": licence}
    check_member(context.user)
    try:
        submit_weights_file(context.store, upload, context.user, **form)
    except GlasshouseError as error:
        return _page(request, context, 422, form=form, wrong=str(error))
    return RedirectResponse("/weights?done=add", 303)


@router.post("/fetch")
def fetch(request: Request, context: Context, name: Word = "") -> Response:
    """Fetch published weights."""
    check_member(context.user)
    try:
        submit_weights_fetch(context.store, name, context.user)
    except GlasshouseError as error:
        return _page(request, context, 422, wrong=str(error))
    return RedirectResponse("/weights?done=fetch", 303)


@router.post("/{name}/remove")
def remove(context: Context, name: str) -> RedirectResponse:
    """Take weights off the shelf."""
    remove_weights(context.store, name, context.user)
    return RedirectResponse("/weights?done=removed", 303)


def _page(
    request: Request, context: RequestContext, status: int = 200, *, form: dict[str, str] | None = None,
    wrong: str = "", done: str = "",
) -> HTMLResponse:  # fmt: skip
    user = context.user
    found = ShelfPage(
        [_shelved(item, context) for item in weights_at_hand(context.store)],
        weights_to_fetch(context.store),
        _works(context),
        form or {},
        wrong,
        done,
        user is None or user.role is not Role.VIEWER,
    )
    return page(request, "shelf.html", found, status=status)


def _shelved(item: Item, context: RequestContext) -> Shelved:
    return Shelved(item.card, item.packaged, may_remove(item, context.user))


def _works(context: RequestContext) -> list[Work]:
    """Return the jobs that wait or run, and the last ones that failed."""
    found = list_jobs(context.store, context.user, kind=JobKind.WEIGHTS, limit=50)
    live = [job for job in found if job.state.live]
    failed = [job for job in found if job.state is JobState.FAILED][:SHOWN]
    translate = texts(context.language).gettext
    return [Work(job, next_step(translate, job)) for job in [*live, *failed]]
