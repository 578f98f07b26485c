"""Top N a class: for each class the pictures that the model was surest of, of a split or of a classification."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from glasshouse.errors import MissingError
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.classify.many_page import work_of
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.models.frame import framed
from glasshouse.web.results.most_confident import Ranking, of_classification, of_split, top_lines
from glasshouse.web.results.page import dataset_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)
PAGE = 25  # classes
Most = Annotated[int, Query(ge=1, le=100)]


@router.get("/result/top", response_class=HTMLResponse)
def split(
    request: Request,
    context: Context,
    job: ModelInPath,
    split: str = "val",
    n: Most = 9,
    only: str = "",
    after: int = 0,
) -> HTMLResponse:
    """Show the surest pictures of each class of a split."""
    dataset = dataset_of(context, job)
    place = f"{job.address}/result"
    values = {"back": f"{place}?split={split}", "here_is": f"{place}/top", "split": split, "work": None}
    return _page(request, context, job, _of_split(context, job, split), n, only, after, dataset=dataset, **values)


@router.get("/result/top.csv")
def split_table(context: Context, job: ModelInPath, split: str = "val", n: Most = 9) -> StreamingResponse:
    """Return the surest pictures of each class of a split as a table."""
    return _table(_of_split(context, job, split), n, f"top-{split}")


@router.get("/many/{number}/top", response_class=HTMLResponse)
def many(
    request: Request, context: Context, job: ModelInPath, number: str, n: Most = 9, only: str = "", after: int = 0
) -> HTMLResponse:
    """Show the surest pictures of each class of a classification."""
    work, place = work_of(context, job, number), f"{job.address}/many/{number}"
    values = {"back": place, "here_is": f"{place}/top", "split": "", "work": work, "dataset": None}
    return _page(request, context, job, _of_work(context, job, number), n, only, after, **values)


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
    work = work_of(context, job, number)
    return of_classification(context.store.path(f"work/{work.id}"), model_classes(job.folder))


def _page(
    request: Request,
    context: RequestContext,
    job: JobResource,
    ranking: Ranking,
    n: int,
    only: str,
    after: int,
    **values: Any,
) -> HTMLResponse:
    numbers = range(len(ranking.classes))
    chosen = [k for k in numbers if ranking.classes[k] == only] or list(numbers)
    first = max(after, 0)
    values |= {
        "rows": ranking.top(chosen[first : first + PAGE], n),
        "n": n,
        "only": only,
        "after": first,
        "more": first + PAGE < len(chosen),
    }
    return framed(request, context, job, "top.html", page_size=PAGE, classes=ranking.classes, **values)


def _table(ranking: Ranking, n: int, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(top_lines(ranking, n), media_type="text/csv; charset=utf-8", headers=headers)
