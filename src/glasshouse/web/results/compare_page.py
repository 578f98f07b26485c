"""Compare: models beside each other, their curves over each other, and in words whether they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError, MissingError
from glasshouse.store.points import read_points
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import find_dataset, find_model
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.charts import Chart, Series, chart
from glasshouse.web.framework.templating import page
from glasshouse.web.results.compared_learning import ComparedLearning, compared_learning
from glasshouse.web.results.comparison import Changed, Paired, changes, differences, paired

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
MOST, SHOWN = 6, 24


@dataclass(frozen=True)
class Pair:
    """Two models; ``paired`` where both answered the same pictures, else ``why`` not: ``datasets`` or ``answers``.

    ``changed`` are pictures of ``dataset`` whose answer differs.
    """

    first: JobResource
    other: JobResource
    paired: Paired | None = None
    why: str = ""
    changed: Sequence[Changed] = ()
    dataset: Dataset | None = None


@dataclass(frozen=True)
class ComparePage:
    """Models beside each other: fields of their recipes, curves, pairs; ``names`` are those of their datasets.

    ``learning`` is how their layers learned, if at least two of them were measured.
    """

    jobs: Sequence[JobResource]
    rows: Sequence[tuple[str, Sequence[str], bool]]
    pairs: Sequence[Pair]
    loss: Chart | None
    accuracy: Chart | None
    names: Mapping[str, str]
    left_out: int
    learning: ComparedLearning | None


@router.get("/compare", response_class=HTMLResponse)
def compare(request: Request, context: Context, chosen: Annotated[list[str] | None, Query()] = None) -> HTMLResponse:
    """Lay two to six models beside each other; ``chosen`` are ``models/ID``."""
    keys = [one.removeprefix("models/") for one in chosen or () if one.startswith("models/")]
    jobs = [find_model(context, key) for key in dict.fromkeys(keys)][:MOST]
    pairs = [_pair(context, first, other) for first, other in combinations(jobs, 2)]
    shown = ComparePage(
        jobs,
        differences([job.recipe for job in jobs]),
        pairs,
        loss=_drawn(jobs, "valid_loss", 1.0),
        accuracy=_drawn(jobs, "valid_accuracy", 100.0),
        names=_dataset_names(context, jobs),
        left_out=max(0, len(dict.fromkeys(keys)) - MOST),
        learning=compared_learning([read_points(job.folder).layers for job in jobs]),
    )
    return page(request, "compare.html", shown)


def _pair(context: RequestContext, first: JobResource, other: JobResource) -> Pair:
    if first.dataset is None or first.dataset != other.dataset:
        return Pair(first, other, why="datasets")
    try:
        one, two = (read_answers(result_place(job.folder, "val")) for job in (first, other))
    except MissingError:
        return Pair(first, other, why="answers")
    found = paired(one, two)
    if found is None:
        return Pair(first, other, why="answers")
    return Pair(first, other, found, "", changes(one, two, SHOWN), _dataset(context, first))


def _dataset_names(context: RequestContext, jobs: list[JobResource]) -> dict[str, str]:
    """Return for each model the name of its dataset."""
    names = {}
    for job in jobs:
        try:
            names[job.id] = find_dataset(context, job.dataset).name if job.dataset else "–"
        except MissingError:
            names[job.id] = "–"
    return names


def _drawn(jobs: list[JobResource], value: str, scale: float) -> Chart | None:
    lines = []
    for number, job in enumerate(jobs):
        points = [(e["epoch"], scale * e[value]) for e in read_points(job.folder).epochs if e.get(value) is not None]
        lines.append(Series(f"line{number}", job.name, points, len(points) < 40))
    return chart(lines, width=480)


def _dataset(context: RequestContext, job: JobResource) -> Dataset | None:
    try:
        return opened(find_dataset(context, str(job.dataset)).folder)
    except GlasshouseError:
        return None
