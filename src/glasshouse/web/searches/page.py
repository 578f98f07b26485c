"""The page of a search: the best so far, corrected for the choice, and every candidate, each a model of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.errors import MissingError
from glasshouse.store.models import get_model
from glasshouse.store.resources import abort_resource
from glasshouse.store.searches import prolong_search, read_found
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live, mark_of
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.framework.language import texts
from glasshouse.web.models.frame import framed
from glasshouse.web.searches.board import Board, FirstScore, Trying, board, first_score, trying_now

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/search", include_in_schema=False)
MORE = 10  # minutes that one press adds


@dataclass(frozen=True)
class SearchPage:
    """A search as it is now; ``minutes`` and ``candidates`` are what was asked for, ``seconds`` it has worked.

    ``use`` is the model to use: the leading candidate, or when the search has ended its own, which is ``partly`` where
    it learned from a part of the training pictures. ``first`` is the first score, before its model can be used;
    ``trying`` the candidate that is tried now, ``phase`` what is done beside that. ``reason`` says why it ended
    (``done``, ``time``, ``stopped``), empty before.
    """

    job: JobResource
    board: Board | None
    minutes: float | None
    candidates: int | None
    seconds: float
    reason: str
    use: str
    partly: bool
    step: NextStep | None
    more: int
    trying: Trying | None
    first: FirstScore | None
    phase: str
    mark: str


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show the search; its live part goes on by itself."""
    return framed(request, context, job, "search.html", _page(context, job))


@router.get("/live")
def now(request: Request, context: Context, job: ModelInPath, since: str = "") -> Response:
    """Return the live part where it changed since ``since``."""
    text = _text(job, read_found(context.store, job.id))
    return live(request, "search_now.html", text, since, not job.running, lambda _: _page(context, job))


@router.post("/stop")
def stop(context: Context, job: ModelInPath) -> RedirectResponse:
    """Stop the search; the best so far is kept."""
    abort_resource(context.store, get_model(context.store, job.id, context.user), context.user)
    return RedirectResponse(f"{job.address}/search", 303)


@router.post("/prolong")
def prolong(
    context: Context, job: ModelInPath, minutes: Annotated[float, Form(gt=0, le=10_080)] = MORE
) -> RedirectResponse:
    """Give the search more minutes."""
    prolong_search(context.store, job.id, minutes, context.user)
    return RedirectResponse(f"{job.address}/search", 303)


def _page(context: RequestContext, job: JobResource) -> SearchPage:
    _ = texts(context.language).gettext
    record = get_model(context.store, job.id, context.user)
    if not job.searches:
        raise MissingError("{name} was not found by a search.", name=job.name)
    found = read_found(context.store, job.id)
    asked = record.job.arguments
    seen = board(_, found, asked.get("minutes"))
    done = job.state == "done" and (job.folder / "model" / "model.json").is_file()
    use = job.address if done else (f"/models/{seen.leader.model}" if seen else "")
    return SearchPage(
        job, seen, asked.get("minutes"), asked.get("candidates"), float(found.get("seconds", 0.0)),
        str(found.get("ended") or ""), use, done and not str(job.recipe.get("learn_from", "train")).startswith("train"),
        next_step(_, job), MORE,
        trying_now(_, found) if job.state == "running" else None,
        first_score(_, found) if job.state == "running" else None, str(found.get("phase") or ""),
        mark_of(_text(job, found)),
    )  # fmt: skip


def _text(job: JobResource, found: Mapping[str, object]) -> str:
    told = (job.id, job.state, job.stage, job.progress, job.remaining, job.stopping, found.get("seconds"))
    return ":".join(map(str, (*told, found.get("trying"), found.get("scored"), found.get("phase"))))
