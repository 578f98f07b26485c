"""What the API tells of a model's answers: single pictures, the surest of each class, openings, comparisons."""

from pydantic import Field

from glasshouse.web.api.shapes import Shape

__all__ = ["AnswerList", "AnswerOut", "ClassTop", "Opening", "Ranked", "TopOut"]


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
    """One opening of a sealed test split: when (ISO 8601), for which model, by whom where there are accounts."""

    at: str
    model: str
    person: str | None
