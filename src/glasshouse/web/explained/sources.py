"""Where the picture of a page is from: a dataset, a classification, or one that was kept; and what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasshouse.data.dataset import Dataset
from glasshouse.errors import ConflictError, MissingError
from glasshouse.messages import with_messages
from glasshouse.store.datasets import get_dataset
from glasshouse.store.followed_pictures import kept_picture
from glasshouse.store.models import get_model
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.predictor import put_question
from glasshouse.store.results import SplitAnswers, kept_answers
from glasshouse.web.classify.classified import classified_picture
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.context.resources import find_classification
from glasshouse.web.datasets.of_model import dataset_of
from glasshouse.web.explained.lists import Asked, Listed, back_of_split, back_of_work, listed

__all__ = ["Answers", "PictureSource", "ask", "of_kept", "of_sent", "of_split", "of_work"]

SPLITS = ("val", "train", "test")
PATIENCE = 1.5  # seconds until the page says that the process is being started


@dataclass(frozen=True)
class Answers:
    """What is kept of a picture's answer: class and probability of the most probable ones, and of the truth."""

    top: Sequence[tuple[str, float]] = ()
    truth: str = ""
    truth_probability: float | None = None


@dataclass(frozen=True)
class PictureSource:
    """A picture: the address of its page, without what is asked (``place`` and a row make it), and of its ``image``.

    ``question`` names it for the predictor, ``data`` are its bytes if it is not of a dataset. ``found`` is the list
    that it was come from, ``back`` the address of that list, ``facts`` the page with all that is known of the file.
    """

    place: str
    key: str
    image: str
    name: str
    question: Mapping[str, object]
    data: bytes
    answers: Answers
    found: Listed
    thumbs: str
    back: str
    split: str = ""
    facts: str = ""
    follow: str = ""

    @property
    def live(self) -> str:
        """Where the page asks whether the map is there."""
        return f"{self.place}/{self.key}/live"


def of_split(context: RequestContext, job: JobResource, split: str, row: int, asked: Asked) -> PictureSource:
    """Return a picture of the model's dataset; one of the sealed test only once the model was scored on it.

    Raises:
        MissingError: there is none.
    """
    dataset = dataset_of(context, job)
    answers = kept_answers(job.folder, split)
    part = None if dataset is None else dataset.splits.get(split)
    if dataset is None or part is None or split not in SPLITS or not 0 <= row < len(part):
        raise MissingError("The dataset has no picture {row} in {split}.", row=row, split=split)
    if split == "test" and answers is None:
        raise MissingError("The test pictures are sealed; they are shown once the model was scored on them.")
    found = listed(asked, row, answers, len(part), dataset.classes)
    data, path = f"/datasets/{job.dataset}", str(part.paths[row])
    images = f"{data}/images/{dataset.fingerprint[:12]}/{split}"
    known = Answers(truth=dataset.classes[int(part.labels[row])])
    if answers is not None and row < len(answers.labels):
        known = _known(answers, row, dataset)
    return PictureSource(
        place=f"{job.address}/pictures/{split}", key=str(row), image=f"{images}/{row}?side=1024", name=path,
        question={"split": split, "row": row, "path": path}, data=b"", answers=known, found=found, thumbs=images,
        back=back_of_split(job.address, split, asked, found.at), split=split, facts=f"{data}/pictures/{split}/{row}",
        follow="" if split == "test" else f"{job.address}/follow?split={split}&row={row}",
    )  # fmt: skip


def _known(answers: SplitAnswers, row: int, dataset: Dataset) -> Answers:
    pairs = zip(answers.top[row].tolist(), answers.top_probability[row].tolist())
    truth = int(answers.labels[row])
    return Answers(
        [(dataset.classes[k], p) for k, p in pairs if k >= 0],
        dataset.classes[truth] if truth >= 0 else "",
        float(answers.truth_probability[row]),
    )


def of_work(context: RequestContext, job: JobResource, number: str, row: int, asked: Asked) -> PictureSource:
    """Return a picture of a classification, read where it lies.

    Raises:
        MissingError: there is none, or it is no longer there.
    """
    work, classes = find_classification(context, job, number), model_classes(job.folder)
    folder = context.store.path(f"work/{work.id}")
    columns = read_columns(folder, classes)
    if not 0 <= row < len(columns):
        raise MissingError("There is no picture {row} in this classification.", row=row)
    (one,) = read_rows(folder, columns, [row])
    found = listed(asked, row, columns.answers, len(columns), classes)
    place, pictures = f"{job.address}/pictures/many/{number}", f"{job.address}/many/{number}/pictures"
    top = [(str(each["label"]), float(each["probability"])) for each in one.get("top") or ()]
    if work.arguments.get("checkpoint"):  # another epoch answered; what is explained is the model
        top = []
    return PictureSource(
        place=place, key=str(row), image=f"{pictures}/{row}?side=1024", name=str(one["path"]),
        question={"path": str(one["path"])}, data=classified_picture(context.store, work, one["path"])[0],
        answers=Answers(top, str(one.get("truth") or "")), found=found, thumbs=pictures,
        back=back_of_work(f"{job.address}/many/{number}", asked, found.at),
    )  # fmt: skip


def of_kept(context: RequestContext, job: JobResource, key: str, asked: Asked) -> PictureSource:
    """Return a picture that a person brought, as the model sees it.

    Raises:
        MissingError: it is not kept any more.
    """
    data = kept_picture(context.store, get_model(context.store, job.id, context.user), key)
    return PictureSource(
        place=f"{job.address}/pictures/kept", key=key, image="", name="", question={}, data=data,
        answers=Answers(), found=listed(asked, 0, None, 0, ()), thumbs="", back=f"{job.address}/classify",
        follow=f"{job.address}/follow?picture={key}",
    )  # fmt: skip


def of_sent(job: JobResource, data: bytes) -> PictureSource:
    """Return a picture that was sent and is not kept; it has no page."""
    return PictureSource(
        place=job.address, key="", image="", name="", question={}, data=data, answers=Answers(),
        found=listed(Asked(), 0, None, 0, ()), thumbs="", back=job.address,
    )  # fmt: skip


def ask(
    context: RequestContext, job: JobResource, source: PictureSource, asked: Asked, values: bool = False
) -> Mapping[str, Any]:
    """Return the predictor's answer, or ``{"state": "working"}`` while it computes or is being started.

    Raises:
        InputError: the picture cannot be explained; the text says why.
    """
    question = {
        "kind": "explain", "model": get_model(context.store, job.id, context.user).folder,
        "data": _data(context, job), "method": asked.method, "class": asked.class_name or None, "values": values,
        **source.question,
    }  # fmt: skip
    try:
        found: Mapping[str, Any] = with_messages(put_question(context.store, question, source.data, PATIENCE))
    except ConflictError:
        return {"state": "working"}
    return found


def _data(context: RequestContext, job: JobResource) -> str | None:
    try:
        return get_dataset(context.store, job.dataset, context.user).folder if job.dataset else None
    except MissingError:
        return None
