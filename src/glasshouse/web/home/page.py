"""Home: what runs now, then models and datasets, found, filtered, sorted, in pages; language and colours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from glasshouse.store.bulk_actions import count_binned_at
from glasshouse.store.datasets import count_datasets, count_models_on, page_of_datasets
from glasshouse.store.models import count_models, page_of_models
from glasshouse.store.networks import count_networks
from glasshouse.store.ownership import Listing
from glasshouse.store.paging import Page
from glasshouse.store.people import list_users
from glasshouse.store.points import read_points
from glasshouse.store.records import JobState
from glasshouse.web.context.job_resource import JobResource, dataset_resource, model_resource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import group_names
from glasshouse.web.framework.charts import sparkline
from glasshouse.web.framework.language import LANGUAGES
from glasshouse.web.framework.templating import page
from glasshouse.web.home.columns import COLUMNS, Column, chosen, cookie_of, written
from glasshouse.web.home.running_page import RunningNow, lines, mark_of_running, running

__all__ = ["address_of", "inside", "router"]

router = APIRouter(include_in_schema=False)
YEAR = 365 * 24 * 3600
BOTH, ALONE = 20, 100  # rows a page: of two lists, of one
SORTS: Mapping[str, tuple[str, bool]] = {
    "name": ("name", False), "state": ("state", False), "group": ("group_name", False), "network": ("network", False),
    "score": ("score", True), "pictures": ("pictures", True), "size": ("size", True), "changed": ("updated_at", True),
    "created": ("created_at", True),
}  # fmt: skip
ONLY = {"models": ("score", "network"), "datasets": ("pictures", "size")}


class View(BaseModel):
    """What the address of home asks for; every view is a link."""

    model_config = ConfigDict(frozen=True)
    q: str = ""
    state: str = ""
    group: str = ""
    owner: str = ""
    show: str = ""
    sort: str = "created"
    order: str = ""

    @property
    def falling(self) -> bool:
        """Whether the sorting goes from the greatest down."""
        return self.order == "down" if self.order else SORTS[self.sort][1]

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.q or self.state or self.group or self.owner)

    def listing(self, kind: str, after: str = "", before: str = "") -> Listing:
        """Return what the list of ``kind`` asks of the store; what it cannot be sorted by sorts by time."""
        other = ONLY["datasets" if kind == "models" else "models"]
        name, falling = SORTS["created"] if self.sort in other else (SORTS[self.sort][0], self.falling)
        states = (self.state,) if self.state else ()
        return Listing(self.q, self.group or None, False, f"-{name}" if falling else name,
                       ALONE if self.show else BOTH, 0, states, self.owner, after, before)  # fmt: skip

    def link(self, request: Request, **changes: str) -> str:
        """Return the address of this view with some of it changed; columns in the address stay there."""
        kept = {name: request.query_params[name] for name in map(cookie_of, COLUMNS) if name in request.query_params}
        words = {**self.model_dump(), "sort": "" if self.sort == "created" and not self.order else self.sort, **kept}
        shown = {name: value for name, value in {**words, **changes}.items() if value or name in kept}
        return f"/?{urlencode(shown)}" if shown else "/"


@dataclass(frozen=True)
class Rows:
    """One of the two lists: ``count`` rows fit, ``page`` are shown, with the addresses before and after it."""

    kind: str
    count: int
    jobs: list[JobResource]
    columns: list[str]
    before: str | None
    after: str | None


@dataclass(frozen=True)
class HomePage(RunningNow):
    """Home: what runs now, and the two lists as the ``view`` asks; ``uses`` are the models on each dataset,
    ``curves`` the small drawings of the validation loss of models.

    ``undo`` is when the last things went into the bin, ``undo_count`` how many; ``asked`` is the query as it came.
    """

    asked: Mapping[str, str]
    view: View
    lists: Sequence[Rows]
    anything: bool
    uses: Mapping[str, int]
    curves: Mapping[str, str]
    groups: Sequence[str]
    people: Mapping[str, str]
    undo: float | None
    undo_count: int
    in_bin: int
    networks: int
    networks_link: str
    all_columns: Mapping[str, Mapping[str, Column]]
    states: Sequence[str]
    link: Callable[..., str]


class Asked(View):
    """The address of home as it came; ``binned`` is when the last things went into the bin."""

    binned: float | None = None

    def view(self, accounts: bool) -> View:
        """Return what it asks for; unknown words are as if not said."""
        return View(
            q=self.q[:200],
            state=self.state if self.state in list(JobState) else "",
            group=self.group,
            owner=self.owner if self.owner in ("mine", "others") and accounts else "",
            show=self.show if self.show in COLUMNS else "",
            sort=self.sort if self.sort in SORTS else "created",
            order=self.order if self.order in ("up", "down") else "",
        )


@router.get("/", response_class=HTMLResponse)
def home(request: Request, context: Context, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the running jobs first, then the models and datasets that fit."""
    view, binned = asked.view(accounts=context.user is not None), asked.binned
    now = running(context)
    lists = [_rows(request, context, view, kind) for kind in COLUMNS]
    data = next((rows.jobs for rows in lists if rows.kind == "datasets"), [])
    bins = [
        count(context.store, context.user, Listing(binned=True))
        for count in (count_datasets, count_models, count_networks)
    ]
    undo_count = count_binned_at(context.store, binned, context.user) if binned is not None else 0
    shown = HomePage(
        now=now,
        lines=lines(context, now),
        asked=request.query_params,
        mark=mark_of_running(now, context),
        view=view,
        lists=lists,
        anything=any(rows.count for rows in lists) or view.filtered or _anything(context),
        uses=count_models_on(context.store, [job.id for job in data], context.user),
        curves=_curves(next((rows.jobs for rows in lists if rows.kind == "models"), [])),
        groups=group_names(context),
        people={user.id: user.name for user in list_users(context.store)} if context.user else {},
        undo=binned if undo_count else None,
        undo_count=undo_count,
        in_bin=sum(bins),
        networks=count_networks(context.store, context.user, Listing(view.q, view.group or None, owner=view.owner)),
        networks_link=address_of("/networks", q=view.q, group=view.group, owner=view.owner),
        all_columns=COLUMNS,
        states=[str(one) for one in JobState],
        link=lambda **changes: view.link(request, **changes),
    )
    return page(request, "home.html", shown)


@router.post("/columns")
def columns(
    kind: Annotated[str, Form()],
    column: Annotated[list[str] | None, Form()] = None,
    usual: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> RedirectResponse:
    """Keep which columns a list shows, in this browser and in the address; ``usual`` forgets the choice."""
    kind = kind if kind in COLUMNS else "models"
    name, text = cookie_of(kind), written(kind, column or ())
    answer = RedirectResponse(_with(inside(back), name, None if usual else text), 303)
    if usual:
        answer.delete_cookie(name)
    else:
        answer.set_cookie(name, text.replace(",", "."), max_age=YEAR, httponly=True, samesite="lax")
    return answer


@router.post("/language")
def choices(
    language: Annotated[str | None, Form()] = None,
    theme: Annotated[str | None, Form()] = None,
    back: Annotated[str, Form()] = "/",
) -> RedirectResponse:
    """Keep the choice of a language or of colours in a cookie, and go back."""
    answer = RedirectResponse(inside(back), 303)
    if language in LANGUAGES:
        answer.set_cookie("language", language, max_age=YEAR, httponly=True, samesite="lax")
    if theme is not None and theme in ("", "light", "dark"):
        answer.set_cookie("theme", theme, max_age=YEAR, httponly=True, samesite="lax")
    return answer


def address_of(path: str, **words: str) -> str:
    """Return the address of a view: the path, and those words that are not empty."""
    said = {name: value for name, value in words.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


def inside(address: str) -> str:
    """Return the address if it is one of the Studio's own, else home."""
    own = address.startswith("/") and not address.startswith("//") and not set(address) & set("\\\r\n\t")
    return address if own else "/"


def _rows(request: Request, context: RequestContext, view: View, kind: str) -> Rows:
    asked = request.query_params
    after, before = asked.get(f"{kind}-after", ""), asked.get(f"{kind}-before", "")
    listing = view.listing(kind, after, before)
    cookie = request.cookies.get(cookie_of(kind))
    wish = chosen(kind, context.user is not None, asked.get(cookie_of(kind)), cookie and cookie.replace(".", ","))
    if kind == "models":
        count = count_models(context.store, context.user, listing)
        models = (
            page_of_models(context.store, context.user, listing) if view.show != "datasets" else Page([], None, None)
        )
        jobs = [model_resource(context.store, one, context.user) for one in models.items]
        return Rows(kind, count, jobs, wish, models.before, models.after)
    count = count_datasets(context.store, context.user, listing)
    found = page_of_datasets(context.store, context.user, listing) if view.show != "models" else Page([], None, None)
    return Rows(kind, count, [dataset_resource(context.store, one, context.user) for one in found.items], wish,
                found.before, found.after)  # fmt: skip


def _curves(models: Sequence[JobResource]) -> dict[str, str]:
    """Return the drawing of the validation loss of each model that has one; of a long list only of the first rows."""
    found = {}
    for job in models[:BOTH]:
        losses = [one["valid_loss"] for one in read_points(job.folder).epochs if one.get("valid_loss") is not None]
        if drawn := sparkline(losses):
            found[job.id] = drawn
    return found


def _anything(context: RequestContext) -> bool:
    return bool(count_datasets(context.store, context.user) or count_models(context.store, context.user))


def _with(address: str, name: str, value: str | None) -> str:
    """Return an address of home with one word of its query changed, or taken away."""
    path, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(f"{name}=")]
    words = kept + ([urlencode({name: value})] if value is not None else [])
    return path + (f"?{'&'.join(words)}" if words else "")
