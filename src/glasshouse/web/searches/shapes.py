"""What the API takes and reports a search."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from glasshouse.store.records import ModelRecord
from glasshouse.web.context.shapes import JobOut, Shape

__all__ = ["BestOut", "CandidateOut", "MoreMinutes", "SearchList", "SearchOut", "SearchRequest"]


class SearchRequest(Shape):
    """A search for the best model on a dataset, for ``minutes`` or among ``candidates``; neither: until it is stopped.

    ``refit`` has the winner learn from training and validation pictures together.
    """

    name: str
    dataset_id: str
    minutes: float | None = None
    candidates: int | None = None
    refit: bool = False
    seed: int = Field(42, ge=0, lt=2**31)
    group_name: str = Field("", max_length=120)
    notes: str = Field("", max_length=20_000)
    shared: bool = False


class MoreMinutes(Shape):
    """How many minutes more a search gets."""

    minutes: float = Field(gt=0, le=10_080)


class CandidateOut(Shape):
    """A candidate of a search; ``model_id`` is the model that it is.

    ``accuracy`` is on ``pictures`` that it did not learn from, ``at`` the second of the search in which it was scored;
    ``p`` is the chance that its difference to the leader is chance (None: the leader, or not scored on all pictures);
    ``side`` is that of its pictures in pixels, None if it is the dataset's.
    """

    number: int
    model_id: str
    network: str
    strategy: str
    accuracy: float
    interval: list[float]
    pictures: int
    seconds: float
    at: float
    p: float | None
    side: int | None


class BestOut(Shape):
    """The best candidate so far: its score, and that score ``corrected`` for being the best of many."""

    number: int
    model_id: str
    accuracy: float
    interval: list[float]
    pictures: int
    corrected: float
    corrected_interval: list[float]


class SearchOut(Shape):
    """A search; ``id`` is the model that it leaves, which is the best so far when it is stopped.

    ``ended`` is ``done`` (nothing was left to try), ``time`` or ``stopped``; ``valid_accuracy`` is that of the model on
    the validation pictures, which chose nothing.
    """

    id: str
    name: str
    state: str
    dataset_id: str | None
    minutes: float | None
    candidates_asked: int | None
    refit: bool
    best: BestOut | None
    candidates: list[CandidateOut]
    seconds: float
    ended: str | None
    valid_accuracy: float | None
    valid_interval: list[float] | None
    job: JobOut

    @classmethod
    def of(cls, record: ModelRecord, found: Mapping[str, Any]) -> Self:
        """Tell a search and what it has found so far."""
        rows = {one["number"]: _candidate(one) for one in found.get("candidates", ())}
        best = found.get("best")
        asked = record.job.arguments
        return cls(
            id=record.id, name=record.name, state=str(record.state), dataset_id=record.dataset_id,
            minutes=asked.get("minutes"), candidates_asked=asked.get("candidates"), refit=bool(asked.get("refit")),
            best=BestOut(**best, model_id=rows[best["number"]].model_id) if best else None,
            candidates=list(rows.values()), seconds=found.get("seconds", 0.0), ended=found.get("ended"),
            valid_accuracy=record.scores.get("accuracy"), valid_interval=record.scores.get("interval"),
            job=JobOut.of(record.job),
        )  # fmt: skip


class SearchList(Shape):
    items: list[SearchOut]


def _candidate(told: Mapping[str, Any]) -> CandidateOut:
    same = ("number", "network", "accuracy", "interval", "pictures", "seconds", "at")
    return CandidateOut(model_id=told["model"], strategy=str(told["fields"]["strategy"]), p=told.get("p"),
                        side=told.get("side"), **{name: told[name] for name in same})  # fmt: skip
