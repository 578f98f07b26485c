"""Several datasets, models and networks at once over the API."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter
from pydantic import Field

from glasshouse.errors import Problem, RecipeError
from glasshouse.store.bulk_actions import (
    Chosen,
    abort_chosen,
    bin_chosen,
    change_chosen,
    look_up,
    restore_binned_at,
)
from glasshouse.store.records import OwnedRecord
from glasshouse.store.resources import kind_of
from glasshouse.web.context.request_context import Context, RequestContext
from glasshouse.web.context.shapes import Shape

__all__ = ["router"]

router = APIRouter(tags=["several"])
Given = TypeVar("Given", float, str, bool)


class Action(StrEnum):
    """What is done with several things; ``undo`` brings back what one ``delete`` put into the bin."""

    DELETE = "delete"
    UNDO = "undo"
    ABORT = "abort"
    GROUP = "group"
    SHARE = "share"


class Several(Shape):
    """Ids, and what the action needs: ``even_if_used`` (delete), ``at`` (undo), ``group_name``, ``shared``."""

    datasets: list[str] = Field([], max_length=1000)
    models: list[str] = Field([], max_length=1000)
    networks: list[str] = Field([], max_length=1000)
    even_if_used: bool = False
    at: float | None = None
    group_name: str | None = None
    shared: bool | None = None


class Done(Shape):
    """The ids of what was changed; ``at`` is what ``undo`` needs after ``delete``."""

    datasets: list[str]
    models: list[str]
    networks: list[str]
    at: float | None = None


@router.post("/several/{action}")
def act(context: Context, action: Action, asked: Several) -> Done:
    """Delete (all or none), bring back, abort, group or share several datasets, models and networks."""
    ids = {"datasets": asked.datasets, "models": asked.models, "networks": asked.networks}
    chosen = look_up(context.store, ids, context.user)
    ways: dict[Action, Callable[[], Done]] = {
        Action.DELETE: lambda: _delete(context, chosen, asked),
        Action.UNDO: lambda: _done(restore_binned_at(context.store, _given("at", asked.at), context.user)),
        Action.ABORT: lambda: _done(abort_chosen(context.store, chosen, context.user)),
        Action.GROUP: lambda: _change(context, chosen, "group_name", _given("group_name", asked.group_name)),
        Action.SHARE: lambda: _change(context, chosen, "shared", _given("shared", asked.shared)),
    }
    return ways[action]()


def _delete(context: RequestContext, chosen: Chosen, asked: Several) -> Done:
    at = bin_chosen(context.store, chosen, context.user, even_if_used=asked.even_if_used)
    return _done(chosen.all).model_copy(update={"at": at})


def _change(context: RequestContext, chosen: Chosen, name: str, value: str | bool) -> Done:
    return _done(change_chosen(context.store, chosen, {name: value}, context.user))


def _given(name: str, value: Given | None) -> Given:
    if value is None:
        raise RecipeError("the request", [Problem(name, "required")])
    return value


def _done(records: Sequence[OwnedRecord]) -> Done:
    done = Done(datasets=[], models=[], networks=[])
    for record in records:
        getattr(done, f"{kind_of(record)}s").append(record.id)
    return done
