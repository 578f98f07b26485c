"""Classify Many: a folder, an archive or a list of pictures; a job, a table, scores where the truth is known."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel

from glasshouse.errors import GlasshouseError, MissingError, RecipeError
from glasshouse.messages import joined
from glasshouse.store.jobs import abort_job, list_jobs, resume_job
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.records import JobKind, JobRecord
from glasshouse.store.results import SplitAnswers
from glasshouse.store.submit import submit_classification
from glasshouse.web.classify.chosen_epoch import EpochChoice, epoch_choices, epoch_text
from glasshouse.web.classify.classified import classified_picture
from glasshouse.web.context.class_names import names_of_model
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath, find_classification
from glasshouse.web.framework.form_values import problems_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.home.jobs_api import prediction_lines
from glasshouse.web.models.frame import framed
from glasshouse.web.models.mistakes import KINDS, ORDERS, select
from glasshouse.web.results.class_counts import ClassCount, class_counts, count_lines

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/many", include_in_schema=False)
PAGE = 60
THUMB = 128
KEPT = {"Cache-Control": "private, max-age=3600"}


@dataclass(frozen=True)
class Typed:
    """The form: ``source``, ``name`` and ``checkpoint`` as typed, what is ``wrong``."""

    source: str
    name: str
    wrong: str = ""
    checkpoint: str = ""


@dataclass(frozen=True)
class ManyPage(Typed):
    """The form, with earlier classifications; ``server``: pictures of the server's own ``folders`` may be named.

    ``epochs`` are those that can answer, none if there is no choice.
    """

    before: Sequence[JobRecord] = ()
    folders: Sequence[Path] = ()
    server: bool = False
    epochs: Sequence[EpochChoice] = ()


@dataclass(frozen=True)
class Waiting:
    """How far a classification is."""

    job: JobResource
    work: JobRecord


@dataclass(frozen=True)
class Table:
    """A page of answers: ``found`` are (row, answer) of ``total`` that fit; ``counts`` by kind; each class's count."""

    found: Sequence[tuple[int, Mapping[str, object]]] = ()
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    by_class: Sequence[ClassCount] = ()


@dataclass(frozen=True)
class ManyResult(Waiting):
    """A classification and its answers as ``chosen``; ``report`` is there where the truth is known.

    ``epoch`` says which one answered, if it was not the model.
    """

    table: Table
    report: Mapping[str, object] | None
    epoch: str
    step: NextStep | None
    chosen: Mapping[str, str]
    classes: Sequence[str]
    after: int
    query: Callable[..., str]
    page_size: int = PAGE


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, source: str = "", name: str = "") -> HTMLResponse:
    """Ask for pictures, and list what was classified before."""
    return _form(request, context, job, Typed(source, name))


@router.post("", response_class=HTMLResponse)
def begin(
    request: Request,
    context: Context,
    job: ModelInPath,
    source: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    checkpoint: Annotated[str, Form()] = "",
) -> Response:
    """Queue the classification."""
    title = name.strip()[:120] or job.name
    try:
        made = submit_classification(context.store, job.id, source, context.user, title=title, checkpoint=checkpoint)
    except RecipeError as error:
        wrong = joined("; ", problems_of(error).values())
        return _form(request, context, job, Typed(source, name, wrong, checkpoint), 422)
    except GlasshouseError as error:
        return _form(request, context, job, Typed(source, name, str(error), checkpoint), 409)
    return RedirectResponse(f"{job.address}/many/{made.id}", 303)


class Wanted(BaseModel):
    """Which answers are asked for, in which order, behind how many others; unknown words are as if not said."""

    show: str = "all"
    sort: str = "source"
    answer: str = ""
    after: int = 0

    def chosen(self) -> dict[str, str]:
        """Return the words that the table goes by."""
        show, sort = self.show if self.show in KINDS else "all", self.sort if self.sort in ORDERS else "source"
        return {"show": show, "sort": sort, "answer": self.answer}


@router.get("/{number}", response_class=HTMLResponse)
def result(
    request: Request, context: Context, job: ModelInPath, number: str, wanted: Annotated[Wanted, Query()]
) -> HTMLResponse:
    """Show how far it is, and then a table of answers: filtered, sorted, sixty a page."""
    work = find_classification(context, job, number)
    _ = texts(language_of(request)).gettext
    chosen, classes, first = wanted.chosen(), model_classes(job.folder), max(wanted.after, 0)
    shown = ManyResult(
        job,
        work,
        Table() if work.state.live else _answers(context, work, classes, chosen, first),
        _report(context, work),
        epoch_text(_, work.arguments["epoch"], work.arguments["step"]) if "epoch" in work.arguments else "",
        next_step(_, work),
        chosen,
        classes,
        first,
        query=lambda **more: _query({**chosen, **more}),
    )
    return framed(request, context, job, "many_result.html", shown)


@router.get("/{number}/live")
def waiting(request: Request, context: Context, job: ModelInPath, number: str, since: str = "") -> Response:
    """Return how far it is."""
    work = find_classification(context, job, number)
    text = f"{work.id}{work.state}{work.done}{work.wish}"
    return live(request, "many_waiting.html", text, since, not work.state.live, lambda _: Waiting(job, work))


@router.get("/{number}/table.csv")
def table(context: Context, job: ModelInPath, number: str) -> StreamingResponse:
    """Return all answers as a table."""
    work = find_classification(context, job, number)
    headers = {"Content-Disposition": f'attachment; filename="{work.id}.csv"'}
    return StreamingResponse(
        prediction_lines(context.store, work.id, names_of_model(job.folder, None)),
        media_type="text/csv; charset=utf-8",
        headers=headers,
    )


@router.get("/{number}/counts.csv")
def count_table(context: Context, job: ModelInPath, number: str) -> StreamingResponse:
    """Return how many pictures got each class, as a table."""
    work, classes = find_classification(context, job, number), model_classes(job.folder)
    counts = class_counts(read_columns(context.store.path(f"work/{work.id}"), classes).answers, classes)
    headers = {"Content-Disposition": f'attachment; filename="{work.id}-counts.csv"'}
    return StreamingResponse(count_lines(counts), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{number}/pictures/{row}")
def picture(context: Context, job: ModelInPath, number: str, row: int, side: int = THUMB) -> Response:
    """Return one classified picture, small; read where it lies."""
    work = find_classification(context, job, number)
    folder = context.store.path(f"work/{work.id}")
    columns = read_columns(folder, model_classes(job.folder))
    if not 0 <= row < len(columns):
        raise MissingError("There is no such picture here.")
    (one,) = read_rows(folder, columns, [row])
    data, kind = classified_picture(context.store, work, one["path"], min(max(side, 16), 1024))
    return Response(data, media_type=kind, headers=KEPT)


@router.post("/{number}/abort")
def abort(context: Context, job: ModelInPath, number: str) -> RedirectResponse:
    """Stop it."""
    abort_job(context.store, find_classification(context, job, number).id, context.user)
    return RedirectResponse(f"{job.address}/many/{number}", 303)


@router.post("/{number}/resume")
def resume(context: Context, job: ModelInPath, number: str) -> RedirectResponse:
    """Queue it again, once it failed or was aborted."""
    resume_job(context.store, find_classification(context, job, number).id, context.user)
    return RedirectResponse(f"{job.address}/many/{number}", 303)


def _answers(
    context: RequestContext, work: JobRecord, classes: tuple[str, ...], chosen: dict[str, str], after: int
) -> Table:
    folder = context.store.path(f"work/{work.id}")
    columns = read_columns(folder, classes)
    said = classes.index(chosen["answer"]) if chosen["answer"] in classes else None
    rows = select(columns.answers, chosen["show"], chosen["sort"], said)
    page = rows[after : after + PAGE].tolist()
    found = list(zip(page, read_rows(folder, columns, page)))
    return Table(found, len(rows), _counts(columns.answers), class_counts(columns.answers, classes))


def _counts(answers: SplitAnswers) -> dict[str, int]:
    return {kind: len(select(answers, kind)) for kind in KINDS}


def _report(context: RequestContext, work: JobRecord) -> dict[str, object] | None:
    try:
        text = context.store.path(f"work/{work.id}/report.json").read_text(encoding="utf-8")
        found: dict[str, object] = json.loads(text)
    except (OSError, ValueError):
        return None
    return found


def _query(values: Mapping[str, object]) -> str:
    plain = {"show": "all", "sort": "source", "answer": "", "after": 0}
    return "?" + urlencode({key: value for key, value in values.items() if value != plain.get(key)})


def _form(request: Request, context: RequestContext, job: JobResource, typed: Typed, status: int = 200) -> HTMLResponse:
    epochs = epoch_choices(texts(language_of(request)).gettext, job.folder, typed.checkpoint)
    before = list_jobs(context.store, context.user, model_id=job.id, kind=JobKind.CLASSIFY)
    shown = ManyPage(
        **vars(typed), before=before, folders=context.suggested_folders, server=bool(context.folders), epochs=epochs
    )
    return framed(request, context, job, "many.html", shown, status)
