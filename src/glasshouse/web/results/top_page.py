"""Top N a class: for each class the pictures that the model was surest of, of a split or of a classification."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.store.records import JobRecord
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath, find_classification
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.models.frame import framed
from glasshouse.web.models.mistakes import Answered
from glasshouse.web.results.most_confident import Ranking, of_classification, of_split, top_lines

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)
PAGE = 25  # classes
Most = Annotated[int, Query(ge=1, le=100)]


class Chosen(BaseModel):
    """What the address asks for: ``n`` pictures a class, ``only`` one class, classes ``after`` a number."""

    model_config = ConfigDict(frozen=True)
    n: Most = 9
    only: str = ""
    after: int = 0


class ChosenOfSplit(Chosen):
    """The same of a split."""

    split: str = "val"


@dataclass(frozen=True)
class Origin:
    """Where the pictures come from: a split of the dataset, or a classification (``work``); addresses of the pages."""

    back: str
    here_is: str
    split: str = ""
    work: JobRecord | None = None
    dataset: Dataset | None = None


@dataclass(frozen=True)
class TopPage:
    """The surest pictures of some classes: (name, pictures) of each of ``page_size`` at most."""

    n: int
    only: str
    after: int
    origin: Origin
    classes: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Answered]]]
    more: bool
    page_size: int = PAGE


@router.get("/result/top", response_class=HTMLResponse)
def split(
    request: Request, context: Context, job: ModelInPath, chosen: Annotated[ChosenOfSplit, Query()]
) -> HTMLResponse:
    """Show the surest pictures of each class of a split."""
    place, split = f"{job.address}/result", chosen.split
    origin = Origin(f"{place}?split={split}", f"{place}/top", split, dataset=dataset_of(context, job))
    return _page(request, context, job, _of_split(context, job, split), chosen, origin)


@router.get("/result/top.csv")
def split_table(context: Context, job: ModelInPath, split: str = "val", n: Most = 9) -> StreamingResponse:
    """Return the surest pictures of each class of a split as a table."""
    return _table(_of_split(context, job, split), n, f"top-{split}")


@router.get("/many/{number}/top", response_class=HTMLResponse)
def many(
    request: Request, context: Context, job: ModelInPath, number: str, chosen: Annotated[Chosen, Query()]
) -> HTMLResponse:
    """Show the surest pictures of each class of a classification."""
    work, place = find_classification(context, job, number), f"{job.address}/many/{number}"
    origin = Origin(place, f"{place}/top", work=work)
    return _page(request, context, job, _of_work(context, job, number), chosen, origin)


@router.get("/many/{number}/top.csv")
def many_table(context: Context, job: ModelInPath, number: str, n: Most = 9) -> StreamingResponse:
    """Return the surest pictures of each class of a classification as a table."""
    return _table(_of_work(context, job, number), n, f"top-{number}")


def _of_split(context: RequestContext, job: JobResource, split: str) -> Ranking:
    dataset = dataset_of(context, job)
    if dataset is None or split not in dataset.splits:
        raise MissingError("There are no answers for single pictures here.")
    return of_split(read_answers(result_place(job.folder, split)), dataset, split)


def _of_work(context: RequestContext, job: JobResource, number: str) -> Ranking:
    work = find_classification(context, job, number)
    return of_classification(context.store.path(f"work/{work.id}"), model_classes(job.folder))


def _page(
    request: Request,
    context: RequestContext,
    job: JobResource,
    ranking: Ranking,
    chosen: Chosen,
    origin: Origin,
) -> HTMLResponse:
    classes = ranking.classes
    numbers = [k for k, name in enumerate(classes) if name == chosen.only] or list(range(len(classes)))
    first = max(chosen.after, 0)
    rows = ranking.top(numbers[first : first + PAGE], chosen.n)
    more = first + PAGE < len(numbers)
    shown = TopPage(chosen.n, chosen.only, first, origin, classes, rows, more)
    return framed(request, context, job, "top.html", shown)


def _table(ranking: Ranking, n: int, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(top_lines(ranking, n), media_type="text/csv; charset=utf-8", headers=headers)
