"""Compare: models beside each other, their curves over each other, and in words whether they differ."""

from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from glasshouse.errors import GlasshouseError, MissingError
from glasshouse.store.points import told
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.charts import Series, chart
from glasshouse.web.comparison import Paired, differences, paired
from glasshouse.web.explorer import opened
from glasshouse.web.pages.access import DeskNow
from glasshouse.web.pages.desk import Desk, Job
from glasshouse.web.templating import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST, SHOWN = 6, 24


@router.get("/compare", response_class=HTMLResponse)
def compare(request: Request, desk: DeskNow, chosen: Annotated[list[str] | None, Query()] = None) -> HTMLResponse:
    """Lay two to six models beside each other; ``chosen`` are ``models/ID``."""
    keys = [one.removeprefix("models/") for one in chosen or () if one.startswith("models/")]
    jobs = [desk.model(key) for key in dict.fromkeys(keys)][:MOST]
    pairs = [(first, other, _pair(first, other)) for first, other in pairwise(jobs)]
    context: dict[str, Any] = {"jobs": jobs, "rows": differences([job.recipe for job in jobs]), "pairs": pairs}
    context |= {"loss": _drawn(jobs, "valid_loss", 1.0), "accuracy": _drawn(jobs, "valid_accuracy", 100.0)}
    context |= {"dataset": _dataset(desk, jobs), "shown": SHOWN}
    return page(request, "compare.html", **context)


def _pair(first: Job, other: Job) -> Paired | None:
    if first.dataset is None or first.dataset != other.dataset:
        return None
    try:
        return paired(*(read_answers(result_place(job.folder, "val")) for job in (first, other)))
    except MissingError:
        return None


def _drawn(jobs: list[Job], value: str, scale: float) -> Any:
    lines = []
    for number, job in enumerate(jobs):
        points = [(e["epoch"], scale * e[value]) for e in told(job.folder).epochs if e.get(value) is not None]
        lines.append(Series(f"line{number}", job.name, points, len(points) < 40))
    return chart(lines, width=480)


def _dataset(desk: Desk, jobs: list[Job]) -> Any:
    if not jobs or jobs[0].dataset is None:
        return None
    try:
        return opened(desk.dataset(jobs[0].dataset).folder)
    except GlasshouseError:
        return None
