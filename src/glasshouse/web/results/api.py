"""A model's answers over the API: picture by picture, the surest of each class, who opened the sealed test."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.records import JobKind, JobRecord
from glasshouse.store.results import SplitAnswers, read_answers, result_place
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.models.mistakes import select
from glasshouse.web.results.class_counts import class_counts, count_lines
from glasshouse.web.results.most_confident import Ranking, of_classification, of_split, top_lines
from glasshouse.web.results.openings import openings
from glasshouse.web.results.shapes import AnswerList, AnswerOut, CountOut, CountsOut, Opening, Ranked, TopOut

__all__ = ["router"]

router = APIRouter(tags=["answers"])
Show = Literal["all", "wrong", "right", "unread"]
Sort = Literal["source", "sure", "unsure"]
Most = Annotated[int, Query(ge=1, le=100)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, lt=2**53)]


@router.get("/models/{model_id}/results/{split}/answers")
def answers(
    context: Context, model_id: str, split: str, show: Show = "all", sort: Sort = "source", truth: str | None = None,
    answer: str | None = None, limit: Limit = 100, offset: Offset = 0,
) -> AnswerList:  # fmt: skip
    """List the answers on a split; ``truth`` and ``answer`` together are one cell of the confusion matrix."""
    dataset, found = _split(context, model_id, split)
    names, paths = dataset.classes, dataset.splits[split].paths
    rows = select(found, show, sort, _number(names, "answer", answer), _number(names, "truth", truth))
    items = [_answered(found, row, str(paths[row]), names) for row in rows[offset : offset + limit].tolist()]
    return AnswerList(items=items, count=len(rows))


@router.get("/models/{model_id}/results/{split}/top")
def top_of_split(context: Context, model_id: str, split: str, n: Most = 9) -> TopOut:
    """Tell the ``n`` pictures of each class that the model was surest of, on a split."""
    return TopOut.model_validate({"classes": _of_split(context, model_id, split).ranked(n)})


@router.get("/models/{model_id}/results/{split}/top.csv")
def top_of_split_csv(context: Context, model_id: str, split: str, n: Most = 9) -> StreamingResponse:
    """Return the same as a table."""
    return StreamingResponse(top_lines(_of_split(context, model_id, split), n), media_type="text/csv")


@router.get("/models/{model_id}/openings")
def test_openings(context: Context, model_id: str) -> list[Opening]:
    """List the openings of the sealed test of the model's dataset, the first one first."""
    record = get_model(context.store, model_id, context.user)
    dataset = _dataset(context, record.dataset_id)
    return [
        Opening(at=one.at.isoformat(), model=one.model, person=one.person or None) for one in openings(dataset)
    ]  # fmt: skip


@router.get("/jobs/{job_id}/answers")
def job_answers(
    context: Context, job_id: str, show: Show = "all", sort: Sort = "source", answer: str | None = None,
    limit: Limit = 100, offset: Offset = 0,
) -> AnswerList:  # fmt: skip
    """List the answers of a classification, filtered and sorted."""
    job, classes = _job(context, job_id)
    folder = context.store.path(f"work/{job.id}")
    columns = read_columns(folder, classes)
    rows = select(columns.answers, show, sort, _number(classes, "answer", answer))
    page = rows[offset : offset + limit].tolist()
    items = [AnswerOut(row=row, **one) for row, one in zip(page, read_rows(folder, columns, page))]
    return AnswerList(items=items, count=len(rows))


@router.get("/jobs/{job_id}/counts")
def counts_of_job(context: Context, job_id: str) -> CountsOut:
    """Count the answers of a classification by class, the commonest first; whether their truth is known or not."""
    job, classes = _job(context, job_id)
    answers = read_columns(context.store.path(f"work/{job.id}"), classes).answers
    found = class_counts(answers, classes)
    total = sum(one.count for one in found)
    items = [CountOut(**asdict(one)) for one in found]
    return CountsOut(classes=items, answered=total, unread=len(answers.labels) - total)


@router.get("/jobs/{job_id}/counts.csv")
def counts_of_job_csv(context: Context, job_id: str) -> StreamingResponse:
    """Return the same as a table."""
    job, classes = _job(context, job_id)
    found = class_counts(read_columns(context.store.path(f"work/{job.id}"), classes).answers, classes)
    return StreamingResponse(count_lines(found), media_type="text/csv; charset=utf-8")


@router.get("/jobs/{job_id}/top")
def top_of_job(context: Context, job_id: str, n: Most = 9) -> TopOut:
    """Tell the ``n`` pictures of each class that the model was surest of, in a classification."""
    return TopOut.model_validate({"classes": _of_job(context, job_id).ranked(n)})


@router.get("/jobs/{job_id}/top.csv")
def top_of_job_csv(context: Context, job_id: str, n: Most = 9) -> StreamingResponse:
    """Return the same as a table."""
    return StreamingResponse(top_lines(_of_job(context, job_id), n), media_type="text/csv")


def _split(context: RequestContext, model_id: str, split: str) -> tuple[Dataset, SplitAnswers]:
    record = get_model(context.store, model_id, context.user)
    dataset = _dataset(context, record.dataset_id)
    if split not in dataset.splits:
        raise MissingError(
            "The dataset has no split {split}; it has {splits}.", split=split, splits=", ".join(dataset.splits)
        )
    return dataset, read_answers(result_place(context.store.path(record.folder), split))


def _dataset(context: RequestContext, dataset_id: str | None) -> Dataset:
    if dataset_id is None:
        raise MissingError("The dataset of this model is gone.")
    return opened(context.store.path(get_dataset(context.store, dataset_id, context.user).folder))


def _of_split(context: RequestContext, model_id: str, split: str) -> Ranking:
    dataset, found = _split(context, model_id, split)
    return of_split(found, dataset, split)


def _of_job(context: RequestContext, job_id: str) -> Ranking:
    job, classes = _job(context, job_id)
    return of_classification(context.store.path(f"work/{job.id}"), classes)


def _job(context: RequestContext, job_id: str) -> tuple[JobRecord, tuple[str, ...]]:
    job = get_job(context.store, job_id, context.user)
    if job.kind is not JobKind.CLASSIFY or job.model_id is None:
        raise MissingError("The job {job_id} is no classification.", job_id=job_id)
    return job, model_classes(context.store.path(get_model(context.store, job.model_id, context.user).folder))


def _number(names: tuple[str, ...], field: str, name: str | None) -> int | None:
    if name is None:
        return None
    if name not in names:
        raise MissingError("{field}: there is no class {name}.", field=field, name=repr(name))
    return names.index(name)


def _answered(found: SplitAnswers, row: int, path: str, names: tuple[str, ...]) -> AnswerOut:
    pairs = zip(found.top[row].tolist(), found.top_probability[row].tolist())
    ranked = [Ranked(label=names[number], probability=chance) for number, chance in pairs]
    first = ranked[0]
    return AnswerOut(
        row=row, path=path, truth=names[found.labels[row]], label=first.label, probability=first.probability, top=ranked
    )
