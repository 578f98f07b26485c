"""What is around every view of a model: its name, state and buttons, and the tabs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse

from glasshouse.errors import MissingError
from glasshouse.training.kept_epochs import kept_epochs
from glasshouse.web.context.class_names import names_of_model
from glasshouse.web.context.failure import AGAIN
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.context.resources import find_dataset
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of, page

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Tab", "framed", "tabs"]


@dataclass(frozen=True)
class Frame:
    """What is shown of a model above every view; ``data`` is its dataset, ``again`` whether trying again may help.

    ``answers``: it has a model, or keeps an epoch that can predict. ``names`` are the names shown of its classes.
    ``calm``: the view has a primary button, so the frame has none.
    """

    job: JobResource
    data: JobResource | None
    trained: bool
    answers: bool
    tabs: "list[Tab]"
    again: bool
    calm: bool
    names: Mapping[str, str]


@dataclass(frozen=True)
class Tab:
    """A view of a model: its path behind ``/models/ID``, its name, and whether it needs a trained model.

    ``answers``: it needs a model, or an epoch that a training keeps; ``run``: it shows a run, which a search has only
    once it has ended.
    """

    path: str
    name: str
    trained: bool = False
    run: bool = False
    answers: bool = False


def tabs(_: Callable[[str], str], trained: bool, searches: bool = False, answers: bool = False) -> list[Tab]:
    """Return the views of a model that there are by now, in their order; a new view is one line here."""
    search = [Tab("/search", _("Find the best"))] if searches else []
    views = [
        *search,
        Tab("", _("Training"), run=True),
        Tab("/result", _("Result"), trained=True),
        Tab("/classify", _("Classify One"), answers=True),
        Tab("/many", _("Classify Many"), answers=True),
        Tab("/follow" if trained else "/follow/inputs", _("Look inside"), run=True),
        Tab("/code", _("Code"), run=True),
        Tab("/use", _("Use it"), trained=True),
        Tab("/details", _("Details")),
    ]
    lacking = {"trained": not trained, "answers": not (trained or answers), "run": searches and not trained}
    return [view for view in views if not any(getattr(view, need) for need, lacks in lacking.items() if lacks)]


def framed(
    request: Request, context: RequestContext, job: JobResource, template: str, shown: "DataclassInstance",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """Answer with a page of the model, with its name, state, buttons and tabs above."""
    try:
        data = find_dataset(context, job.dataset) if job.dataset else None
    except MissingError:
        data = None
    trained = (job.folder / "model" / "model.json").is_file()
    answers = trained or (not job.searches and bool(kept_epochs(job.folder)))
    views = tabs(texts(language_of(request)).gettext, trained, job.searches, answers)
    frame = Frame(
        job,
        data,
        trained,
        answers,
        views,
        again=job.failure not in AGAIN,
        calm=getattr(shown, "advice", None) is not None,
        names=names_of_model(job.folder, data.folder if data else None),
    )
    return page(request, template, frame, shown, status=status)
