"""The shortcut alarm of a model: run it, see what it found with the pictures, hide a region and measure again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.data.dataset import Dataset
from glasshouse.errors import InputError
from glasshouse.evaluation.paired import CHANCE
from glasshouse.store.explanations import latest_explanation, submit_explanation
from glasshouse.store.records import JobRecord
from glasshouse.store.shortcuts import read_hidden, read_shortcuts
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live import live_job
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.frame import framed

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}/shortcuts", include_in_schema=False)
SPLITS = ("val", "train")


@dataclass(frozen=True)
class ShortcutsWaiting:
    """How far the work is that runs or waits on a split, if there is one."""

    job: JobResource
    split: str
    job_now: JobRecord | None


@dataclass(frozen=True)
class FoundMark:
    """A mark as the alarm told it, what was measured with it hidden (``differs``: not by chance), its box in a form."""

    told: Mapping[str, Any]
    hidden: Mapping[str, Any] | None
    differs: bool
    box: str


@dataclass(frozen=True)
class ShortcutsPage(ShortcutsWaiting):
    """What was found on a split: ``report`` is None where nobody has looked; ``old``: with another dataset."""

    step: NextStep | None
    dataset: Dataset | None
    splits: Sequence[str]
    report: Mapping[str, Any] | None
    marks: Sequence[FoundMark]
    old: bool


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, split: str = "val") -> HTMLResponse:
    """Show what was found, or offer to look."""
    dataset = dataset_of(context, job)
    splits = [name for name in SPLITS if dataset is not None and name in dataset.splits]
    split = split if split in splits else "val"
    now, report = _now(context, job, split), read_shortcuts(job.folder, split)
    old = report is not None and dataset is not None and report.get("dataset") != dataset.fingerprint
    marks = [] if report is None or dataset is None or old else [
        _mark(one, read_hidden(job.folder, split, one["box"])) for one in report["found"]
    ]  # fmt: skip
    step = next_step(texts(language_of(request)).gettext, now) if now else None
    shown = ShortcutsPage(job, split, now, step, dataset, splits, report, marks, old)
    return framed(request, context, job, "shortcuts.html", shown)


@router.get("/live")
def waiting(request: Request, context: Context, job: ModelInPath, split: str = "val", since: str = "") -> Response:
    """Return how far it is."""
    now = _now(context, job, split)
    return live_job(request, "shortcuts_waiting.html", now, since, ShortcutsWaiting(job, split, now))


@router.post("")
def look(
    context: Context, job: ModelInPath, split: Annotated[str, Form()] = "val", box: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Queue the search for shortcuts, or with a ``box`` (x0,y0,x1,y1) the measuring with it hidden."""
    more = {"box": _box(box)} if box else {}
    submit_explanation(context.store, job.id, "hidden" if box else "shortcuts", split, context.user, more)
    return RedirectResponse(f"{job.address}/shortcuts?split={split}", 303)


def _now(context: RequestContext, job: JobResource, split: str) -> JobRecord | None:
    """Return the latest work of either kind; one that has ended well is no longer told of."""
    found = [latest_explanation(context.store, job.id, do, split) for do in ("shortcuts", "hidden")]
    return max((one for one in found if one is not None), key=lambda one: one.created_at, default=None)


def _box(text: str) -> list[int]:
    numbers = text.split(",")
    if len(numbers) != 4 or not all(one.isdecimal() and len(one) < 6 for one in numbers):
        raise InputError("A box is four numbers x0,y0,x1,y1, got {box}.", box=repr(text[:40]))
    return [int(one) for one in numbers]


def _mark(told: Mapping[str, Any], hidden: Mapping[str, Any] | None) -> FoundMark:
    differs = hidden is not None and hidden["p"] < CHANCE
    return FoundMark(told, hidden, differs, ",".join(map(str, told["box"])))
