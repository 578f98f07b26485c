"""The result of a model: accuracy beside baselines, classes, the confusion matrix, mistakes, the sealed test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel

from glasshouse.data.dataset import Dataset
from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.errors import MissingError
from glasshouse.evaluation.reliability import calibration_verdict
from glasshouse.store.records import JobRecord
from glasshouse.store.results import SplitAnswers, kept_answers, read_report, result_place, verified_report
from glasshouse.store.submit import submit_evaluation
from glasshouse.web.context.class_names import names_of_model
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.resources import ModelInPath, latest_evaluation
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.framework.charts import Column, columns
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.advice import Advice, advice_on
from glasshouse.web.models.frame import framed
from glasshouse.web.models.mistakes import Answered, Bin, calibration, cell, confidence, least_sure, worst
from glasshouse.web.results.openings import OpenedTest, openings
from glasshouse.web.results.shown_report import ClassRow, ReportRead, ShownReport, shown_report

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/result", include_in_schema=False)
SPLITS = ("val", "test", "train")
CELL = 60  # pictures a page
SORTS = ("class", "recall", "precision", "f1", "support")  # a minus before turns the order


@dataclass(frozen=True)
class ResultWaiting:
    """How far the scoring ``job_now`` of a split is, if there is one."""

    job: JobResource
    split: str
    job_now: JobRecord | None


@dataclass(frozen=True)
class Confidence:
    """How sure the answers were: the tenths, the mean, how many were right (0..1), the verdict, and the drawing."""

    bins: Sequence[Bin]
    sure: float
    right: float
    verdict: str
    histogram: Sequence[Column]


@dataclass(frozen=True)
class ResultPage(ResultWaiting):
    """What the model is worth on a split; ``step`` is what to do if the scoring failed.

    ``answers``: the answers to single pictures are known; ``per_class`` is the table of classes in the order ``sort``.
    """

    step: NextStep | None
    dataset: Dataset | None
    openings: Sequence[OpenedTest]
    sort: str
    report: ReportRead | None
    summary: ShownReport | None
    per_class: Sequence[ClassRow]
    answers: bool
    worst: Sequence[Answered]
    unsure: Sequence[Answered]
    confidence: Confidence
    advice: Advice | None


@dataclass(frozen=True)
class CellPage:
    """The pictures of one cell of the matrix: ``found`` are those of this page, of ``total``."""

    dataset: Dataset
    truth: str
    answer: str
    split: str
    found: Sequence[Answered]
    total: int
    after: int
    same: Mapping[str, object]
    page_size: int = CELL


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, split: str = "val", sort: str = "class") -> HTMLResponse:
    """Show what the model is worth on a split; ``sort`` orders the table of classes."""
    split = split if split in SPLITS else "val"
    report, answers, dataset = _report(job, split), kept_answers(job.folder, split), dataset_of(context, job)
    now = latest_evaluation(context, job, split)
    place = f"{job.address}/result/pictures" if answers is not None else ""
    names = names_of_model(job.folder, dataset.path if dataset else None)
    shown = ResultPage(
        job,
        split,
        now,
        step=next_step(texts(language_of(request)).gettext, now) if now else None,
        dataset=dataset,
        openings=openings(dataset),
        sort=sort,
        report=report,
        summary=shown_report(report, split, place, language_of(request), names) if report else None,
        per_class=_ordered(report["per_class"], sort) if report else [],
        answers=answers is not None,
        worst=worst(answers) if answers and dataset else [],
        unsure=least_sure(answers, 12) if answers and dataset else [],
        confidence=_confidence(answers),
        advice=advice_on(texts(language_of(request)).gettext, context, job) if split == "val" else None,
    )
    return framed(request, context, job, "result.html", shown)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, split: str = "test", since: str = "") -> Response:
    """Return how far the scoring is."""
    now = latest_evaluation(context, job, split)
    return live_job(request, "result_waiting.html", now, since, ResultWaiting(job, split, now))


@router.post("")
def evaluate(context: Context, job: ModelInPath, split: Annotated[str, Form()]) -> RedirectResponse:
    """Queue the scoring on a split; ``test`` opens the seal."""
    submit_evaluation(context.store, job.id, split, user=context.user)
    return RedirectResponse(f"{job.address}/result?split={split}", 303)


class CellAsked(BaseModel):
    """A cell of the confusion matrix by the numbers of its classes, and behind how many pictures the page begins."""

    truth: int
    answer: int
    split: str = "val"
    after: int = 0


@router.get("/pictures", response_class=HTMLResponse)
def pictures(
    request: Request, context: Context, job: ModelInPath, asked: Annotated[CellAsked, Query()]
) -> HTMLResponse:
    """Show the pictures of one cell of the confusion matrix, sixty a page."""
    truth, answer, split = asked.truth, asked.answer, asked.split
    answers, dataset = kept_answers(job.folder, split), dataset_of(context, job)
    if answers is None or dataset is None or not (0 <= min(truth, answer) <= max(truth, answer) < len(dataset.classes)):
        raise MissingError("There are no answers for single pictures here.")
    found, first = cell(answers, truth, answer), max(asked.after, 0)
    shown = CellPage(
        dataset,
        dataset.classes[truth],
        dataset.classes[answer],
        split,
        found=found[first : first + CELL],
        total=len(found),
        after=first,
        same={"split": split, "truth": truth, "answer": answer},
    )
    return framed(request, context, job, "result_pictures.html", shown)


@router.get("/table.csv")
def table(context: Context, job: ModelInPath, split: Annotated[str, Query()] = "val") -> StreamingResponse:
    """Return the answer for each picture as a table."""
    answers, dataset = kept_answers(job.folder, split), dataset_of(context, job)
    if answers is None or dataset is None or split not in dataset.splits:
        raise MissingError("There are no answers for single pictures here.")
    headers = {"Content-Disposition": f'attachment; filename="{split}.csv"'}
    return StreamingResponse(_lines(answers, dataset, split), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(answers: SplitAnswers, dataset: Dataset, split: str) -> Iterator[str]:
    paths = dataset.splits[split].paths
    yield BOM + line(["path", "truth", "answer", "probability", "probability of the truth"])
    for row in range(len(answers.labels)):
        names = [dataset.classes[k] for k in (answers.labels[row], answers.top[row, 0])]
        numbers = [f"{answers.top_probability[row, 0]:.6f}", f"{answers.truth_probability[row]:.6f}"]
        yield line([paths[row], *names, *numbers])


def _report(job: JobResource, split: str) -> ReportRead | None:
    try:
        return cast(ReportRead, read_report(result_place(job.folder, split)))
    except MissingError:
        return _of_training(job.folder) if split == "val" else None


def _of_training(run: Path) -> ReportRead | None:
    """Return the report that the training itself wrote on the validation pictures."""
    try:
        return cast(ReportRead, verified_report(run / "report-val.json"))
    except MissingError:
        return None


def _ordered(classes: Sequence[ClassRow], sort: str) -> Sequence[ClassRow]:
    """Return the table of classes in an order; classes without a value come last."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS[1:]:
        return list(reversed(classes)) if sort == "-class" else classes
    values = [(one, {"recall": one["recall"], "precision": one["precision"], "f1": one["f1"],
                     "support": one["support"]}[name]) for one in classes]  # fmt: skip
    known = [(one, value) for one, value in values if value is not None]
    ordered = [one for one, _ in sorted(known, key=lambda pair: pair[1], reverse=down)]
    return ordered + [one for one, value in values if value is None]


def _confidence(answers: SplitAnswers | None) -> Confidence:
    bins = confidence(answers) if answers else []
    sure, right, error = calibration(bins)
    drawn = columns([(f"{one.low}", one.right, one.wrong) for one in bins])
    return Confidence(bins, sure, right, calibration_verdict(sure, right, error), drawn)
