"""Who works: each computer's slots and what runs on them, how many jobs at once, and the order of the queue.

If there are accounts it is for admins: it names everybody's jobs.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from glasshouse.errors import RefusedError
from glasshouse.store.choices import Choices, change_choices, get_choices
from glasshouse.store.people import list_users
from glasshouse.store.records import JobState
from glasshouse.store.workers import WorkerRecord, list_workers
from glasshouse.web.context.live import live, mark_of
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.framework.templating import page
from glasshouse.web.home.running_page import Running, running

__all__ = ["router"]

router = APIRouter(prefix="/workers", include_in_schema=False)
Typed = Annotated[str, Form(max_length=20)]


@dataclass(frozen=True)
class Place:
    """A slot of a computer: what it is for, its GPU, why nothing is begun there, and what runs there now."""

    name: str
    kinds: Sequence[str]
    gpu: str | None
    aside: str | None
    now: Running | None


@dataclass(frozen=True)
class Computer:
    """A computer's worker and its slots; ``orphaned`` run in slots that it no longer has."""

    worker: WorkerRecord
    places: Sequence[Place]
    orphaned: Sequence[Running]


@dataclass(frozen=True)
class WorkersNow:
    """The live part: computers, queue, whose each job is (by id), whether anybody works, and the mark of this state."""

    computers: Sequence[Computer]
    queue: Sequence[Running]
    people: Mapping[str, str]
    alive: bool
    mark: str = ""

    @property
    def text(self) -> str:
        """What tells one state from another."""
        rows = [f"{c.worker.host}:{c.worker.version}:{c.worker.alive}:{c.places}:{c.orphaned}" for c in self.computers]
        return "|".join([*rows, str(self.queue), str(self.people)])


@dataclass(frozen=True)
class ChoicesForm:
    """How many jobs at once, as typed and up to which ``limits``; the fields that are ``wrong``; what was ``done``."""

    form: Mapping[str, object]
    wrong: Set[str]
    done: str
    limits: Mapping[str, int]


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, done: str = "") -> HTMLResponse:
    """Show the computers, the queue, and the form of how many jobs are done at once."""
    check_admin(context)
    return _page(request, context, get_choices(context.store).model_dump(), done=done)


@router.get("/live")
def show_live(request: Request, context: Context, since: str = "") -> Response:
    """Return the slots and the queue, where they changed since ``since``."""
    check_admin(context)
    found = _now(context)
    return live(request, "workers_now.html", found.text, since, False, lambda mark: replace(found, mark=mark))


@router.post("/choices")
def choose(
    request: Request, context: Context, trainings: Typed = "", datasets: Typed = "", answers: Typed = ""
) -> Response:
    """Change how many jobs are done at once; an empty number of trainings is one a GPU, or one on the processor."""
    check_admin(context)
    form = {"trainings": trainings.strip(), "datasets": datasets.strip(), "answers": answers.strip()}
    try:
        wanted = Choices.model_validate({**form, "trainings": form["trainings"] or None})
    except ValidationError as error:
        return _page(request, context, form, 422, wrong={str(one["loc"][0]) for one in error.errors()})
    change_choices(context.store, wanted, context.user)
    return RedirectResponse("/workers?done=choices", 303)


def check_admin(context: RequestContext) -> None:
    """Refuse who is no admin, if there are accounts."""
    if not context.admin:
        raise RefusedError("Only an admin may see what every computer does.")


def _page(
    request: Request, context: RequestContext, form: Mapping[str, object], status: int = 200,
    wrong: set[str] | None = None, done: str = "",
) -> HTMLResponse:  # fmt: skip
    found = _now(context)
    limits = {"trainings": 64, "datasets": 16, "answers": 16}
    now = replace(found, mark=mark_of(found.text))
    return page(request, "workers.html", now, ChoicesForm(form, wrong or set(), done, limits), status=status)


def _now(context: RequestContext) -> WorkersNow:
    found = running(context)
    works = [one for one in found if one.job.state is JobState.RUNNING]
    computers = [_computer(one, works) for one in list_workers(context.store)]
    return WorkersNow(
        computers,
        queue=[one for one in found if one.job.state is JobState.QUEUED],
        people={user.id: user.name for user in list_users(context.store)} if context.user else {},
        alive=any(one.worker.alive for one in computers),
    )


def _computer(worker: WorkerRecord, works: Sequence[Running]) -> Computer:
    here = {one.job.slot: one for one in works if one.job.host == worker.host}
    places = [Place(s["name"], s["kinds"], s["gpu"], s["aside"], here.pop(s["name"], None)) for s in worker.slots]
    return Computer(worker, places, list(here.values()))
