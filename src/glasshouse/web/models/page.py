"""A model: its training as it goes on, what was said and kept, and what can be done with it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from glasshouse.errors import RecipeError
from glasshouse.export.card_file import read_card
from glasshouse.recipe import TrainingRecipe
from glasshouse.store.jobs import may_see
from glasshouse.store.machine import machine_since
from glasshouse.store.models import get_model
from glasshouse.store.points import Point, RunPoints
from glasshouse.store.resources import abort_resource, resume_resource
from glasshouse.store.runs import Checkpoint, delete_checkpoint, list_checkpoints, log_size, read_log
from glasshouse.store.submit import continue_model
from glasshouse.web.context.failure import NextStep, next_step
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.live_points import View, look, with_interval
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.resources import ModelInPath
from glasshouse.web.framework.language import texts
from glasshouse.web.framework.templating import language_of
from glasshouse.web.models.advice import Advice, advice_on
from glasshouse.web.models.curve_texts import remark_texts
from glasshouse.web.models.curves import Curves, curves
from glasshouse.web.models.frame import framed
from glasshouse.web.models.layer_learning import LayerLearning, layer_learning
from glasshouse.web.models.live_texts import Gauge, LiveWords, gauges, live_texts
from glasshouse.web.models.log_texts import log_in_words
from glasshouse.web.models.recipe_texts import recipe_rows

__all__ = ["router"]

router = APIRouter(prefix="/models/{key}", include_in_schema=False)
ROWS = 100  # epochs in the table; the CSV has all
LOG = 30_000  # bytes of the log on the page


@dataclass(frozen=True)
class TrainingPage:
    """A training at one moment: ``epochs`` is how many it is to have, ``done`` how many it had, ``kept`` checkpoints.

    ``watched``: there are validation pictures; ``score`` is the best epoch with its interval, if that is known, and
    ``score_text`` says it in a sentence; ``remaining`` is in seconds; ``counted``: right answers on training pictures
    were, or will be, counted; ``solved``: its last layer was solved for, so that there are no epochs to draw.
    """

    kept: Sequence[Checkpoint]
    step: NextStep | None
    run: RunPoints
    words: LiveWords
    drawn: Curves
    remarks: Sequence[tuple[str, bool]]
    done: int
    epochs: int | None
    remaining: float | None
    watched: bool
    counted: bool
    solved: bool
    gauges: Sequence[Gauge]
    epochs_told: Sequence[Point]
    learning: Sequence[LayerLearning]
    score: Point | None
    score_text: str
    advice: Advice | None


@dataclass(frozen=True)
class DetailsPage:
    """What was said and kept: the recipe as ``text`` and in ``rows``, checkpoints, the log (bytes), the card."""

    text: str
    rows: Sequence[tuple[str, str]]
    kept: Sequence[Checkpoint]
    log: str
    log_seen: bool
    log_size: int
    card: str
    run: RunPoints


@router.get("", response_class=HTMLResponse)
def show(request: Request, context: Context, job: ModelInPath, then: str = "") -> Response:
    """Show the training: state, curves, epochs; ``static/live.js`` goes on with it. A search leads to its own page.

    ``then``: ``follow`` leads to a followed picture once the training is done.
    """
    trained = job.state == "done" and (job.folder / "model" / "model.json").is_file()
    if job.searches and not trained:
        return RedirectResponse(f"{job.address}/search", 303)
    if then == "follow" and trained:
        return RedirectResponse(f"{job.address}/follow", 303)
    _ = texts(language_of(request)).gettext
    kept = list_checkpoints(context.store, get_model(context.store, job.id, context.user))
    return framed(request, context, job, "model.html", _training(_, context, job, kept))


@router.get("/details", response_class=HTMLResponse)
def details(request: Request, context: Context, job: ModelInPath) -> HTMLResponse:
    """Show recipe, checkpoints, log and card."""
    _ = texts(language_of(request)).gettext
    record = get_model(context.store, job.id, context.user)
    seen = may_see(record.job, context.user)
    shown = DetailsPage(
        text=json.dumps(dict(job.recipe), indent=2, ensure_ascii=False),
        rows=recipe_rows(_, job.recipe),
        kept=list_checkpoints(context.store, record),
        log=log_in_words(read_log(context.store, record.job_id, LOG), language_of(request)) if seen else "",
        log_seen=seen,
        log_size=log_size(context.store, record.job_id),
        card=read_card(job.folder / "model"),
        run=look(context.store, job.id, viewer=context.user).run,
    )
    return framed(request, context, job, "model_details.html", shown)


@router.post("/abort")
def abort(context: Context, job: ModelInPath) -> RedirectResponse:
    """Stop the training; it keeps a checkpoint."""
    abort_resource(context.store, get_model(context.store, job.id, context.user), context.user)
    return RedirectResponse(job.address, 303)


@router.post("/resume")
def resume(context: Context, job: ModelInPath) -> RedirectResponse:
    """Go on from the last checkpoint."""
    resume_resource(context.store, get_model(context.store, job.id, context.user), context.user)
    return RedirectResponse(job.address, 303)


@router.post("/continue")
def go_on(context: Context, job: ModelInPath, epochs: Annotated[int, Form(ge=1, le=100_000)]) -> RedirectResponse:
    """Train a copy for more epochs, beginning with these weights."""
    made = continue_model(context.store, job.id, epochs, context.user)
    return RedirectResponse(f"/models/{made.id}", 303)


@router.post("/checkpoints/{name}/delete")
def drop(context: Context, job: ModelInPath, name: str) -> RedirectResponse:
    """Delete one checkpoint."""
    delete_checkpoint(context.store, get_model(context.store, job.id, context.user), name, context.user)
    return RedirectResponse(f"{job.address}/details", 303)


def _training(
    _: Callable[[str], str], context: RequestContext, job: JobResource, kept: Sequence[Checkpoint]
) -> TrainingPage:
    view = look(context.store, job.id, viewer=context.user)
    words, run = live_texts(_), view.run
    names = (_("Training"), _("Validation"), _("Accuracy on training pictures"), _("Accuracy on validation pictures"),
             _("Learning rate"))  # fmt: skip
    samples = machine_since(context.store.path(f"work/{view.record.job_id}"))
    score = None if run.best is None else with_interval(run.best, view.known.pictures)
    remarks = remark_texts(_, view.remarks)
    return TrainingPage(
        kept=kept,
        step=next_step(_, job, bool(kept)),
        run=run,
        words=words,
        drawn=curves(run, names),
        remarks=remarks,
        done=len(run.epochs),
        epochs=run.started.get("epochs") or job.recipe.get("epochs"),
        remaining=run.latest.get("remaining") if job.stage in ("training", "validating") else job.remaining,
        watched=view.known.pictures != 0,
        counted=job.running or any(one.get("train_accuracy") is not None for one in run.epochs),
        solved=job.state == "done" and _is_solved(job),
        gauges=gauges(samples, words["gauges"]),
        epochs_told=[with_interval(one, view.known.pictures) for one in run.epochs[-ROWS:]],
        learning=layer_learning(run.layers),
        score=score if score and score.get("interval") else None,
        score_text=_score(words, score, view),
        advice=advice_on(_, context, job, [text for text, _warm in remarks]),
    )


def _is_solved(job: JobResource) -> bool:
    try:
        return TrainingRecipe(**{**job.recipe, "data": "-"}).linear
    except RecipeError:  # of a version that allowed more
        return False


def _score(words: LiveWords, score: Point | None, view: View) -> str:
    """Return the sentence about the accuracy so far, with its interval."""
    if not score or not score.get("interval"):
        return ""
    low, high = (f"{100 * end:.1f}" for end in score["interval"])
    between = words["between"].format(low=low, high=high)
    return words["score"].format(epoch=score["epoch"], count=f"{view.known.pictures:,}", interval=between)
