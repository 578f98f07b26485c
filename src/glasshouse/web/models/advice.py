"""The verdict on a finished model as pages and the API tell it: one sentence, one button, the pictures behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from glasshouse.data.dataset import Dataset
from glasshouse.errors import GlasshouseError, MissingError
from glasshouse.evaluation.verdict import SURE, Kind, NextStep, Verdict, facts_of, judge
from glasshouse.messages import altered
from glasshouse.store.datasets import get_dataset
from glasshouse.store.points import read_points
from glasshouse.store.results import SplitAnswers, read_answers, read_report, result_place, verified_report
from glasshouse.training.run_verdict import are_photos, useful_weights
from glasshouse.web.context.class_names import names_of_model
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.context.resources import find_dataset
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.models.mistakes import Answered, worst

__all__ = ["Advice", "Button", "advice_on", "in_names", "verdict_on"]

Words = Callable[[str], str]
SHOWN = 6  # pictures that are the reason
LOOKED_AT = 200  # of the surest mistakes
VARIED = {"rotation": "10", "zoom": "0.1"}
MIRRORED = {**VARIED, "horizontal_flip": "on"}


@dataclass(frozen=True)
class Button:
    """What takes a step: its words, where it leads, and what a form sends there (empty: it is a link)."""

    label: str
    address: str
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def makes(self) -> bool:
        """Whether it leads to something new, which a viewer may not make."""
        return bool(self.sent) or self.address.partition("?")[0].endswith("/new")


@dataclass(frozen=True)
class Advice:
    """A verdict with what a page needs: the button of each step, the pictures that are the reason, their dataset.

    ``remarks`` are what else there is to say: of the verdict, and of the curves.
    """

    verdict: Verdict
    button: Button
    others: Sequence[tuple[NextStep, Button]]
    pictures: Sequence[Answered]
    dataset: Dataset | None
    remarks: Sequence[str] = ()


def verdict_on(context: RequestContext, job: JobResource) -> Verdict | None:
    """Return the verdict on a finished model from its validation pictures; None if it was not scored on any."""
    report = _report(job)
    if job.state != "done" or report is None:
        return None
    data = _data(context, job)
    recipe = data.recipe if data else {}
    width, height = int(recipe.get("width", 224)), int(recipe.get("height", 224))
    photos = bool(data) and are_photos(width, height, str(recipe.get("color", "rgb")))
    facts = facts_of(
        report, job.recipe, read_points(job.folder).epochs, _training(context, job), photos=photos,
        weights_at_hand=photos and useful_weights(min(width, height)), sure_mistakes=_sure(_answers(job)),
    )  # fmt: skip
    return judge(facts)


def advice_on(_: Words, context: RequestContext, job: JobResource, remarks: Sequence[str] = ()) -> Advice | None:
    """Return what a page shows of the verdict on a model, with further ``remarks``; None if there is none."""
    found = verdict_on(context, job)
    if found is None:
        return None
    data, answers = _data(context, job), _answers(job)
    dataset = _opened(data)
    found = in_names(found, names_of_model(job.folder, data.folder if data else None))
    shown = _reasons(found.step, answers, dataset) if answers is not None and dataset is not None else []
    others = [(step, _button(_, job, data, step)) for step in found.others]
    return Advice(found, _button(_, job, data, found.step), others, shown, dataset, (*found.remarks, *remarks))


def in_names(found: Verdict, names: Mapping[str, str]) -> Verdict:
    """Return a verdict that says the display names of classes; ``classes`` of its steps stay as they are."""

    if not names:
        return found

    def said(message: str) -> str:
        return altered(message, lambda text: names.get(text, text))

    def step(one: NextStep) -> NextStep:
        return replace(one, message=said(one.message))

    others, remarks = tuple(map(step, found.others)), tuple(map(said, found.remarks))
    return replace(found, message=said(found.message), step=step(found.step), others=others, remarks=remarks)


def _button(_: Words, job: JobResource, data: JobResource | None, step: NextStep) -> Button:
    place = job.address
    epochs = str(job.scores.get("epochs") or job.recipe.get("epochs") or 5)
    mirrored = data is not None and are_photos(*_sides(data), str(data.recipe.get("color", "rgb")))
    varied = {f"augmentation.{name}": value for name, value in (MIRRORED if mirrored else VARIED).items()}
    ways: Mapping[Kind, Callable[[], Button]] = {
        "pretrained": lambda: Button(_("Find the best from pretrained weights"), "/models/new?" + urlencode(
            {"dataset": job.dataset or "", "preset": "search", "name": job.name})),
        "epochs": lambda: Button(_("Train for {epochs} more epochs").format(epochs=epochs), f"{place}/continue",
                                 {"epochs": epochs}),
        "pictures": lambda: Button(_("Add pictures") if not step.classes else _("Add pictures of these classes"),
                                   f"/datasets/new?clone={job.dataset}" if job.dataset else "/datasets/new"),
        "augmentation": lambda: Button(_("Clone with augmentation"), "/models/new?" + urlencode(
            {"clone": job.id, **varied})),
        "labels": lambda: Button(_("Look at these mistakes"), f"{place}/result#surest"),
        "good": lambda: Button(_("Classify a picture"), f"{place}/classify"),
    }  # fmt: skip
    return ways[step.kind]()


def _sides(data: JobResource) -> tuple[int, int]:
    return int(data.recipe.get("width", 224)), int(data.recipe.get("height", 224))


def _reasons(step: NextStep, answers: SplitAnswers, dataset: Dataset) -> list[Answered]:
    """Return the surest mistakes, of the classes that the step is about where it is about some."""
    about = {dataset.classes.index(name) for name in step.classes if name in dataset.classes}
    return [one for one in worst(answers, LOOKED_AT) if not about or one.truth in about][:SHOWN]


def _sure(answers: SplitAnswers | None) -> int | None:
    if answers is None:
        return None
    return int(((answers.top[:, 0] != answers.labels) & (answers.top_probability[:, 0] >= SURE)).sum())


def _training(context: RequestContext, job: JobResource) -> Mapping[str, int]:
    """Return how many training pictures each class has, as the dataset's summary has it."""
    try:
        summary = get_dataset(context.store, str(job.dataset), context.user).summary or {}
    except MissingError:
        return {}
    counts: Mapping[str, int] = summary.get("splits", {}).get("train", {}).get("classes", {})
    return counts


def _report(job: JobResource) -> Mapping[str, Any] | None:
    """Return the report on the validation pictures: that of the latest scoring, else the training's own."""
    try:
        return read_report(result_place(job.folder, "val"))
    except GlasshouseError:
        pass
    try:
        return verified_report(job.folder / "report-val.json")
    except GlasshouseError:
        return None


def _answers(job: JobResource) -> SplitAnswers | None:
    try:
        return read_answers(result_place(job.folder, "val"))
    except GlasshouseError:
        return None


def _data(context: RequestContext, job: JobResource) -> JobResource | None:
    try:
        return find_dataset(context, job.dataset) if job.dataset else None
    except MissingError:
        return None


def _opened(data: JobResource | None) -> Dataset | None:
    try:
        return None if data is None else opened(data.folder)
    except GlasshouseError:
        return None
