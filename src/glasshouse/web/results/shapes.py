"""What the API returns for a model's answers: single pictures, the surest of each class, openings, comparisons."""

from typing import Self

from pydantic import Field

from glasshouse.store.records import ModelRecord
from glasshouse.web.context.shapes import Shape

__all__ = [
    "AnswerList",
    "AnswerOut",
    "ClassTop",
    "ComparedOut",
    "ComparisonOut",
    "CountOut",
    "CountsOut",
    "Opening",
    "PairOut",
    "Ranked",
    "SettingOut",
    "TopOut",
]


class Ranked(Shape):
    """A class and its probability, 0..1."""

    label: str
    probability: float


class AnswerOut(Shape):
    """The answer for one picture; ``row`` is its number in the split or classification, from 0."""

    row: int
    path: str
    truth: str | None
    label: str | None
    probability: float | None
    top: list[Ranked]
    error: str | None = None


class AnswerList(Shape):
    """One page of answers; ``count`` is how many fit the filters."""

    items: list[AnswerOut]
    count: int


class CountOut(Shape):
    """A class, how many pictures got it (``share`` of those that were read) and how sure the answers were (mean).

    ``right`` of ``known`` are of the class: those whose truth is known.
    """

    name: str
    count: int
    share: float
    sure: float | None
    known: int
    right: int


class CountsOut(Shape):
    """The answers of a classification by class; ``unread`` pictures got no answer."""

    classes: list[CountOut]
    answered: int
    unread: int


class TopPicture(Shape):
    """A picture and the probability that the model gave the class; ``label`` is its answer, perhaps another."""

    row: int
    path: str
    probability: float
    label: str | None
    truth: str | None


class ClassTop(Shape):
    name: str = Field(description="the class")
    pictures: list[TopPicture]


class TopOut(Shape):
    """The surest pictures of each class, best first."""

    classes: list[ClassTop]


class Opening(Shape):
    """One opening of a sealed test split: when (ISO 8601), for which model, by whom if there are accounts."""

    at: str
    model: str
    person: str | None


class ComparedOut(Shape):
    """A model in a comparison; accuracy on ``count`` validation pictures with its 95 % interval, if scored."""

    id: str
    name: str
    state: str
    dataset_id: str | None
    accuracy: float | None
    interval: list[float] | None
    count: int | None

    @classmethod
    def of(cls, record: ModelRecord) -> Self:
        """Tell a model."""
        scores = {name: record.scores.get(name) for name in ("accuracy", "interval", "count")}
        return cls(id=record.id, name=record.name, state=str(record.state), dataset_id=record.dataset_id, **scores)


class SettingOut(Shape):
    """A field of the recipes with its value in each, in the order of the models."""

    name: str
    values: list[str]
    differ: bool


class PairOut(Shape):
    """Two models: the exact McNemar test on the pictures both answered, or the ``reason`` why there is none.

    ``changed`` are rows of the validation split whose answer differs.
    """

    first: str
    second: str
    reason: str | None = None
    count: int | None = None
    only_first: int | None = None
    only_second: int | None = None
    p: float | None = None
    told_apart: bool | None = None
    changed: list[int] = Field(default_factory=list)


class ComparisonOut(Shape):
    models: list[ComparedOut]
    settings: list[SettingOut]
    pairs: list[PairOut]
