"""Home: what runs now, then datasets and models; searching, sorting, the bin; language and colours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.web.charts import sparkline
from glasshouse.web.curves import told
from glasshouse.web.language import LANGUAGES
from glasshouse.web.pages.access import DeskNow
from glasshouse.web.pages.desk import DATASET, MODEL, Job
from glasshouse.web.pages.live import live, mark_of
from glasshouse.web.templating import page

__all__ = ["inside", "router"]

router = APIRouter(include_in_schema=False)
SORTS: Mapping[str, Callable[[Job], Any]] = {
    "name": lambda job: job.name.casefold(),
    "state": lambda job: job.state,
    "created": lambda job: job.created,
    "score": lambda job: job.score if job.score is not None else -1.0,
}
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Running:
    """A job that works or waits, with the path of its sparkline and its last loss."""

    job: Job
    line: str
    loss: float | None


@router.get("/", response_class=HTMLResponse)
def home(request: Request, desk: DeskNow, q: str = "", sort: str = "created", order: str = "") -> HTMLResponse:
    """Show the running jobs first, then all datasets and models that fit the search."""
    jobs, binned = desk.jobs(), desk.jobs(binned=True)
    found = _sorted([job for job in jobs if _fits(job, q)], sort, order)
    return page(
        request,
        "home.html",
        running=_running(jobs),
        mark=mark_of(_text([job for job in jobs if job.running])),
        datasets=[job for job in found if job.kind == DATASET],
        models=[job for job in found if job.kind == MODEL],
        total=len(jobs),
        names={job.id: job for job in jobs},
        uses=_uses(jobs),
        q=q,
        sort=sort,
        order=order,
        binned=next((job.address for job in binned if job.address == request.query_params.get("binned")), None),
        in_bin=len(binned),
        query=lambda **changes: _query({"q": q, "sort": sort, "order": order} | changes),
    )


@router.get("/live/home")
def home_live(request: Request, desk: DeskNow, since: str = "") -> Response:
    """Return the table of running jobs, where it changed since ``since``."""
    jobs = [job for job in desk.jobs() if job.running]
    return live(request, "home_running.html", _text(jobs), since, False, running=lambda: _running(jobs))


@router.get("/bin", response_class=HTMLResponse)
def trash(request: Request, desk: DeskNow) -> HTMLResponse:
    """Show what was deleted and can come back."""
    return page(request, "bin.html", jobs=desk.jobs(binned=True))


@router.post("/{kind}/{key}/delete")
def delete(desk: DeskNow, kind: str, key: str) -> Response:
    """Put a dataset or a model into the bin, and offer Undo at home."""
    job = desk.find(kind, key)
    desk.delete(job)
    return RedirectResponse(f"/?binned={job.address}", 303)


@router.post("/{kind}/{key}/restore")
def restore(desk: DeskNow, kind: str, key: str) -> Response:
    """Take a dataset or a model out of the bin."""
    job = desk.find(kind, key)
    desk.restore(job)
    return RedirectResponse(job.address, 303)


@router.post("/{kind}/{key}/empty")
def empty(desk: DeskNow, kind: str, key: str) -> Response:
    """Delete what is in the bin for good, with its files."""
    desk.empty(desk.find(kind, key))
    return RedirectResponse("/bin", 303)


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


def inside(address: str) -> str:
    """Return the address where it is one of the Studio's own, else home."""
    own = address.startswith("/") and not address.startswith("//") and not set(address) & set("\\\r\n\t")
    return address if own else "/"


def _running(jobs: Sequence[Job]) -> list[Running]:
    found = []
    for job in jobs:
        if job.running:
            losses = [step["loss"] for step in told(job.folder).steps] if job.kind == MODEL else []
            found.append(Running(job, sparkline(losses), losses[-1] if losses else None))
    return sorted(found, key=lambda one: (one.job.state != "running", one.job.created))


def _text(jobs: Sequence[Job]) -> str:
    return "|".join(f"{job.id}:{job.state}:{job.stage}:{job.progress}:{job.remaining}" for job in jobs)


def _fits(job: Job, words: str) -> bool:
    text = f"{job.name} {job.notes} {job.state} {job.recipe.get('network', '')}".casefold()
    return all(word in text for word in words.casefold().split())


def _sorted(jobs: list[Job], sort: str, order: str) -> list[Job]:
    down = order == "down" if order else sort in ("created", "score")
    return sorted(jobs, key=SORTS.get(sort, SORTS["created"]), reverse=down)


def _uses(jobs: Sequence[Job]) -> dict[str, int]:
    found: dict[str, int] = {}
    for job in jobs:
        if job.dataset:
            found[job.dataset] = found.get(job.dataset, 0) + 1
    return found


def _query(values: Mapping[str, str]) -> str:
    kept = {key: value for key, value in values.items() if value}
    return f"/?{urlencode(kept)}" if kept else "/"
