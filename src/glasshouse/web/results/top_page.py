"""Top N a class: for each class the pictures that the model was surest of, of a split or of a classification."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from glasshouse.errors import MissingError
from glasshouse.store.results import read_answers, result_place
from glasshouse.web.classify.many_page import work_of
from glasshouse.web.context.access import DeskNow, ModelJob
from glasshouse.web.context.desk import Desk, Job
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.models.frame import framed
from glasshouse.web.results.most_confident import Ranking, of_classification, of_split, top_lines
from glasshouse.web.results.page import dataset_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)
PAGE = 25  # classes
Most = Annotated[int, Query(ge=1, le=100)]


@router.get("/result/top", response_class=HTMLResponse)
def split(
    request: Request, desk: DeskNow, job: ModelJob, split: str = "val", n: Most = 9, only: str = "", after: int = 0
) -> HTMLResponse:
    """Show the surest pictures of each class of a split."""
    dataset = dataset_of(desk, job)
    place = f"{job.address}/result"
    context = {"back": f"{place}?split={split}", "here_is": f"{place}/top", "split": split, "work": None}
    return _page(request, desk, job, _of_split(desk, job, split), n, only, after, dataset=dataset, **context)


@router.get("/result/top.csv")
def split_table(desk: DeskNow, job: ModelJob, split: str = "val", n: Most = 9) -> StreamingResponse:
    """Return the surest pictures of each class of a split as a table."""
    return _table(_of_split(desk, job, split), n, f"top-{split}")


@router.get("/many/{number}/top", response_class=HTMLResponse)
def many(
    request: Request, desk: DeskNow, job: ModelJob, number: str, n: Most = 9, only: str = "", after: int = 0
) -> HTMLResponse:
    """Show the surest pictures of each class of a classification."""
    work, place = work_of(desk, job, number), f"{job.address}/many/{number}"
    context = {"back": place, "here_is": f"{place}/top", "split": "", "work": work, "dataset": None}
    return _page(request, desk, job, _of_work(desk, job, number), n, only, after, **context)


@router.get("/many/{number}/top.csv")
def many_table(desk: DeskNow, job: ModelJob, number: str, n: Most = 9) -> StreamingResponse:
    """Return the surest pictures of each class of a classification as a table."""
    return _table(_of_work(desk, job, number), n, f"top-{number}")


def _of_split(desk: Desk, job: Job, split: str) -> Ranking:
    dataset = dataset_of(desk, job)
    if dataset is None or split not in dataset.splits:
        raise MissingError("There are no answers for single pictures here.")
    return of_split(read_answers(result_place(job.folder, split)), dataset, split)


def _of_work(desk: Desk, job: Job, number: str) -> Ranking:
    work = work_of(desk, job, number)
    return of_classification(desk.store.path(f"work/{work.id}"), model_classes(job.folder))


def _page(
    request: Request, desk: Desk, job: Job, ranking: Ranking, n: int, only: str, after: int, **context: Any
) -> HTMLResponse:
    numbers = range(len(ranking.classes))
    chosen = [k for k in numbers if ranking.classes[k] == only] or list(numbers)
    first = max(after, 0)
    context |= {
        "rows": ranking.top(chosen[first : first + PAGE], n),
        "n": n,
        "only": only,
        "after": first,
        "more": first + PAGE < len(chosen),
    }
    return framed(request, desk, job, "top.html", page_size=PAGE, classes=ranking.classes, **context)


def _table(ranking: Ranking, n: int, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(top_lines(ranking, n), media_type="text/csv; charset=utf-8", headers=headers)
