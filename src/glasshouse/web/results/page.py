"""The result of a model: accuracy beside baselines, classes, the confusion matrix, mistakes, the sealed test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from glasshouse.data.dataset import Dataset
from glasshouse.data.stored.spreadsheet import BOM, line
from glasshouse.errors import GlasshouseError, MissingError
from glasshouse.evaluation.reliability import calibration_verdict
from glasshouse.store.results import SplitAnswers, read_answers, read_report, result_place, verified_report
from glasshouse.store.submit import submit_evaluation
from glasshouse.web.context.failure import next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath, find_dataset, latest_evaluation
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.charts import Column, columns
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.frame import framed
from glasshouse.web.results.mistakes import Bin, calibration, cell, confidence, least_sure, worst
from glasshouse.web.results.openings import openings
from glasshouse.web.results.shown_report import shown_report

__all__ = ["dataset_of", "router"]

router = APIRouter(prefix="/models/{key}/result", include_in_schema=False)
SPLITS = ("val", "test", "train")
CELL = 60  # pictures a page
SORTS = ("class", "recall", "precision", "f1", "support")  # a minus before turns the order


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, split: str = "val", sort: str = "class") -> HTMLResponse:
    """Show what the model is worth on a split; ``sort`` orders the table of classes."""
    split = split if split in SPLITS else "val"
    report, answers, dataset = _report(job, split), _answers(job, split), dataset_of(context, job)
    values: dict[str, Any] = {"split": split, "report": report, "dataset": dataset}
    now = latest_evaluation(context, job, split)
    values |= {"openings": openings(dataset), "job_now": now, "sort": sort}
    values["step"] = next_step(texts(language_of(request)).gettext, now) if now else None
    bins = confidence(answers) if answers else []
    sure, right, error = calibration(bins)
    values |= {"bins": bins, "sure": sure, "right": right, "histogram": _histogram(bins)}
    values["verdict"] = calibration_verdict(sure, right, error)
    values["worst"] = worst(answers) if answers and dataset else []
    values["unsure"] = least_sure(answers, 12) if answers and dataset else []
    values["answers"] = answers is not None
    if report:
        place = f"{job.address}/result/pictures" if answers is not None else ""
        values |= shown_report(report, split, place, language_of(request))
        values["per_class"] = _ordered(report["per_class"], sort)
    return framed(request, context, job, "result.html", **values)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, split: str = "test", since: str = "") -> Response:
    """Return how far the scoring is."""
    now = latest_evaluation(context, job, split)
    text = f"{now.id}{now.state}{now.done}{now.wish}" if now else ""
    return live(
        request, "result_waiting.html", text, since, now is None or not now.state.live,
        job=lambda: job, split=lambda: split, job_now=lambda: now,
    )  # fmt: skip


@router.post("")
def evaluate(context: Context, job: ModelInPath, split: Annotated[str, Form()]) -> RedirectResponse:
    """Queue the scoring on a split; ``test`` opens the seal."""
    submit_evaluation(context.store, job.id, split, user=context.user)
    return RedirectResponse(f"{job.address}/result?split={split}", 303)


@router.get("/pictures", response_class=HTMLResponse)
def pictures(
    request: Request, context: Context, job: ModelInPath, truth: int, answer: int, split: str = "val", after: int = 0
) -> HTMLResponse:
    """Show the pictures of one cell of the confusion matrix, sixty a page."""
    answers, dataset = _answers(job, split), dataset_of(context, job)
    if answers is None or dataset is None or not (0 <= min(truth, answer) <= max(truth, answer) < len(dataset.classes)):
        raise MissingError("There are no answers for single pictures here.")
    found, first = cell(answers, truth, answer), max(after, 0)
    values: dict[str, Any] = {"truth": dataset.classes[truth], "answer": dataset.classes[answer], "split": split}
    values |= {"found": found[first : first + CELL], "total": len(found), "after": first, "page_size": CELL}
    values["same"] = {"split": split, "truth": truth, "answer": answer}
    return framed(request, context, job, "result_pictures.html", dataset=dataset, **values)


@router.get("/table.csv")
def table(context: Context, job: ModelInPath, split: Annotated[str, Query()] = "val") -> StreamingResponse:
    """Return the answer for each picture as a table."""
    answers, dataset = _answers(job, split), dataset_of(context, job)
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


def _report(job: JobResource, split: str) -> dict[str, Any] | None:
    try:
        return read_report(result_place(job.folder, split))
    except MissingError:
        return _of_training(job.folder) if split == "val" else None


def _of_training(run: Path) -> dict[str, Any] | None:
    """Return the report that the training itself wrote on the validation pictures."""
    try:
        return verified_report(run / "report-val.json")
    except MissingError:
        return None


def _answers(job: JobResource, split: str) -> SplitAnswers | None:
    try:
        return read_answers(result_place(job.folder, split))
    except MissingError:
        return None


def dataset_of(context: RequestContext, job: JobResource) -> Dataset | None:
    """Return the dataset of a model, opened; None if it is gone."""
    try:
        return opened(find_dataset(context, job.dataset).folder) if job.dataset else None
    except GlasshouseError:
        return None


def _ordered(classes: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Return the table of classes in an order; classes without a value come last."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTS[1:]:
        return list(reversed(classes)) if sort == "-class" else classes
    known = [one for one in classes if one[name] is not None]
    return sorted(known, key=lambda one: one[name], reverse=down) + [one for one in classes if one[name] is None]


def _histogram(bins: list[Bin]) -> list[Column]:
    return columns([(f"{one.low}", one.right, one.wrong) for one in bins])
