"""The list that a picture was come from: its rows in their order, and the way to those beside it and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from glasshouse.store.results import SplitAnswers
from glasshouse.web.models.mistakes import KINDS, ORDERS, select, topmost

__all__ = ["Asked", "Listed", "Method", "back_of_split", "back_of_work", "listed"]

Listing = Literal["all", "mistakes", "unsure", "cell", "top"]
Method = Literal["grad-cam", "integrated-gradients", "occlusion"]
MOST = 100  # pictures of a class that are ranked
PAGE = 60  # pictures of a cell's page
TOP_PAGE = 25  # classes of a page of the surest pictures
REEL = 12  # pictures of the list that are shown at once


class Asked(BaseModel):
    """What is asked for, all of it in the address: how to explain, whose evidence, and the list that one came from.

    Lists of a split: all its pictures, its mistakes, the least sure, a cell of the confusion matrix (``truth`` and
    ``answer``, by number), the ``n`` surest of the class ``answer``, on a page of ``only`` one class or all. A
    classification goes by ``show``, ``sort`` and ``said``, the name of a class, as its table does.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    method: Method = "grad-cam"
    class_name: str = Field(default="", alias="class", max_length=400)
    listing: Listing = Field(default="all", alias="list")
    truth: int | None = Field(default=None, ge=0)
    answer: int | None = Field(default=None, ge=0)
    show: str = Field(default="all", max_length=20)
    sort: str = Field(default="source", max_length=20)
    said: str = Field(default="", max_length=400)
    n: int = Field(default=9, ge=1, le=MOST)
    only: str = Field(default="", max_length=400)

    def query(self, **changes: object) -> str:
        """Return it as the query of an address with its question mark, some of it changed; defaults are left out."""
        known = self.model_dump(by_alias=True, exclude_defaults=True) | changes
        kept = {key: value for key, value in known.items() if value not in ("", None)}
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def list_query(self) -> str:
        """The query of the list alone: another picture is explained by the same method, for its own answer."""
        return self.query(**{"class": ""})


@dataclass(frozen=True)
class Listed:
    """The list of a picture: its rows around the place ``at`` (None: the picture is not in it), of ``count``.

    ``wrong`` says for each row whether its answer was.
    """

    rows: NDArray[np.int64]
    at: int | None
    wrong: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    @property
    def count(self) -> int:
        """How many pictures the list has."""
        return len(self.rows)

    @property
    def before(self) -> int | None:
        """The row of the picture before."""
        return None if not self.at else int(self.rows[self.at - 1])

    @property
    def after(self) -> int | None:
        """The row of the picture behind."""
        return None if self.at is None or self.at + 1 >= self.count else int(self.rows[self.at + 1])

    @property
    def mistakes_only(self) -> bool:
        """Whether next and previous are always mistakes."""
        return bool(self.wrong.all()) and self.count > 0

    def mistake(self, way: Literal[-1, 1]) -> int | None:
        """Return the row of the nearest mistake before (-1) or behind (1)."""
        if self.at is None or not len(self.wrong):
            return None
        beside = np.flatnonzero(self.wrong[: self.at])[::-1] if way < 0 else np.flatnonzero(self.wrong[self.at + 1 :])
        if not len(beside):
            return None
        return int(self.rows[beside[0] + (0 if way < 0 else self.at + 1)])

    @property
    def reel(self) -> Sequence[int]:
        """Some rows around the picture."""
        if self.at is None:
            return []
        first = max(0, min(self.at - REEL // 2, self.count - REEL))
        return [int(row) for row in self.rows[first : first + REEL]]


def listed(asked: Asked, row: int, answers: SplitAnswers | None, count: int, classes: Sequence[str]) -> Listed:
    """Return the list that ``asked`` names, of ``count`` pictures, with the picture ``row`` in it."""
    rows = np.arange(count) if answers is None else _rows(asked, answers, classes)
    found = np.flatnonzero(rows == row)
    wrong = np.zeros(len(rows), bool)
    if answers is not None:
        truth, said = answers.labels[rows], answers.top[rows, 0]
        wrong = (truth >= 0) & (said >= 0) & (truth != said)
    return Listed(rows, int(found[0]) if len(found) else None, wrong)


def _rows(asked: Asked, answers: SplitAnswers, classes: Sequence[str]) -> NDArray[np.int64]:
    match asked.listing:
        case "mistakes":
            return select(answers, "wrong", "sure")
        case "unsure":
            return select(answers, "all", "unsure")
        case "cell":
            return select(answers, "all", "sure", asked.answer, asked.truth)
        case "top" if asked.answer is not None and asked.answer < len(classes):
            (found,) = topmost(answers, [asked.answer], asked.n)
            return np.array([one.row for one in found], np.int64)
    kind, order = asked.show if asked.show in KINDS else "all", asked.sort if asked.sort in ORDERS else "source"
    said = classes.index(asked.said) if asked.said in classes else None
    return select(answers, kind, order, said)


def back_of_split(place: str, split: str, asked: Asked, at: int | None) -> str:
    """Return the address of the page that lists these pictures; ``place`` is the model's."""
    same: Mapping[str, object] = {"split": split}
    page = (at or 0) // PAGE * PAGE
    if asked.listing == "cell":
        cell = {"truth": asked.truth, "answer": asked.answer, **({"after": page} if page else {})}
        return f"{place}/result/pictures?{urlencode({**same, **cell})}"
    if asked.listing == "top":
        return f"{place}/result/top?{urlencode({**same, **_ranking(asked)})}"
    mark = {"mistakes": "#surest", "unsure": "#unsure"}.get(asked.listing, "")
    return f"{place}/result?{urlencode(same)}{mark}"


def back_of_work(place: str, asked: Asked, at: int | None) -> str:
    """Return the address of the table of a classification at ``place``, with its filter, at the picture's page."""
    if asked.listing == "top":
        return f"{place}/top?{urlencode(_ranking(asked))}"
    plain = {"show": "all", "sort": "source", "answer": "", "after": 0}
    chosen = {"show": asked.show, "sort": asked.sort, "answer": asked.said, "after": (at or 0) // PAGE * PAGE}
    kept = {key: value for key, value in chosen.items() if value != plain[key]}
    return f"{place}{'?' + urlencode(kept) if kept else ''}#answers"


def _ranking(asked: Asked) -> dict[str, object]:
    page = (asked.answer or 0) // TOP_PAGE * TOP_PAGE
    return {"n": asked.n, "only": asked.only, **({"after": page} if page and not asked.only else {})}
