"""What runs and waits, at the top of home: its live part, and the order of the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from glasshouse.store.jobs import abort_job, get_job, move_job
from glasshouse.store.points import read_points
from glasshouse.store.records import JobKind, JobRecord, JobState
from glasshouse.store.running import Live, list_running
from glasshouse.web.context.live import live, mark_of
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.framework.charts import sparkline
from glasshouse.web.framework.job_kinds import address_of

__all__ = ["Running", "RunningNow", "mark_of_running", "router", "running"]

router = APIRouter(include_in_schema=False)
ASKED = {"workers": "/workers#queue"}


@dataclass(frozen=True)
class Running:
    """A job that works or waits; ``up`` and ``down`` are the jobs before which a move would put it.

    Both are None if it cannot move that way; an empty text is the end of the queue.
    """

    live: Live
    up: str | None = None
    down: str | None = None

    @property
    def job(self) -> JobRecord:
        """The job."""
        return self.live.job

    @property
    def address(self) -> str:
        """Where its page is."""
        return address_of(self.job)


@dataclass(frozen=True)
class Line:
    """A running job with the path of its sparkline and its last loss."""

    one: Running
    line: str
    loss: float | None


@dataclass(frozen=True)
class RunningNow:
    """The live part of home: what runs and waits, the line of each, and the mark of this state."""

    now: Sequence[Running]
    lines: Sequence[Line]
    mark: str


@router.get("/live/home")
def home_live(request: Request, context: Context, since: str = "") -> Response:
    """Return the table of running jobs, where it changed since ``since``."""
    found = running(context)
    return live(request, "home_running.html", _text(found, context), since, False,
                lambda mark: RunningNow(found, lines(context, found), mark))  # fmt: skip


@router.post("/queue/{key}/move")
def move(
    context: Context, key: str, before: Annotated[str, Form()] = "", back: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Put a waiting job before another one of the queue, or at its end; ``back`` is the page that asked."""
    get_job(context.store, key, context.user)
    earlier = any(one.job.id == key and one.up == before for one in running(context))
    move_job(context.store, key, before or None, context.user)
    return RedirectResponse(ASKED[back] if back in ASKED else f"/#{_button(context, key, earlier)}", 303)


@router.post("/queue/{key}/abort")
def abort(context: Context, key: str, back: Annotated[str, Form()] = "") -> RedirectResponse:
    """Abort a job that runs or waits."""
    get_job(context.store, key, context.user)
    abort_job(context.store, key, context.user)
    return RedirectResponse(ASKED.get(back, "/#now"), 303)


def running(context: RequestContext) -> list[Running]:
    """Return what runs and waits, with where each waiting job of the person can go."""
    found = list_running(context.store, context.user)
    queue = [one.job.id for one in found if one.yours and one.job.state is JobState.QUEUED]
    at = {key: number for number, key in enumerate(queue)}
    return [_placed(one, at.get(one.job.id), queue) for one in found]


def lines(context: RequestContext, found: Sequence[Running]) -> list[Line]:
    """Return what is drawn of each: trainings that run have a line of their loss so far."""
    drawn = []
    for one in found:
        trains = one.job.kind is JobKind.TRAIN and one.job.state is JobState.RUNNING and one.live.folder
        losses = (
            [
                step["loss"]
                for step in read_points(context.store.path(str(one.live.folder))).steps
                if step["loss"] is not None
            ]
            if trains
            else []
        )
        drawn.append(Line(one, sparkline(losses), losses[-1] if losses else None))
    return drawn


def mark_of_running(found: Sequence[Running], context: RequestContext) -> str:
    """Return the mark of the live part as it is now."""
    return mark_of(_text(found, context))


def _button(context: RequestContext, key: str, earlier: bool) -> str:
    """Return the button that has the focus after a move, so that a key may be pressed again; else the job."""
    one = next((one for one in running(context) if one.job.id == key), None)
    buttons = {} if one is None else {"up": one.up, "down": one.down}
    order = ("up", "down") if earlier else ("down", "up")
    return next((f"{way}-{key}" for way in order if buttons.get(way) is not None), f"job-{key}")


def _placed(one: Live, at: int | None, queue: Sequence[str]) -> Running:
    if at is None:
        return Running(one)
    after = queue[at + 2] if at + 2 < len(queue) else ""
    return Running(one, queue[at - 1] if at else None, after if at + 1 < len(queue) else None)


def _text(found: Sequence[Running], context: RequestContext) -> str:
    rows = (f"{r.job.id}:{r.live.name}:{r.job.state}:{r.job.stage}:{r.job.done}:{r.job.total}:{r.job.remaining}:"
            f"{r.job.wish}:{r.live.yours}:{r.up}:{r.down}" for r in found)  # fmt: skip
    return "|".join((context.user.id if context.user else "", *rows))
