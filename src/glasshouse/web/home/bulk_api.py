"""Several datasets, models and networks at once over the API."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from glasshouse.errors import Problem, RecipeError
from glasshouse.store.bulk_actions import (
    Chosen,
    abort_several,
    bin_several,
    change_several,
    kind_of,
    look_up,
    restore_binned_at,
)
from glasshouse.store.records import OwnedRecord
from glasshouse.web.context.context import Context, Here
from glasshouse.web.context.shapes import Shape

__all__ = ["router"]

router = APIRouter(tags=["several"])


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
def act(here: Here, action: Action, asked: Several) -> Done:
    """Delete (all or none), bring back, abort, group or share several datasets, models and networks."""
    ids = {"datasets": asked.datasets, "models": asked.models, "networks": asked.networks}
    chosen = look_up(here.store, ids, here.user)
    ways: dict[Action, Callable[[], Done]] = {
        Action.DELETE: lambda: _delete(here, chosen, asked),
        Action.UNDO: lambda: _told(here, "restore", restore_binned_at(here.store, _given(asked, "at"), here.user)),
        Action.ABORT: lambda: _told(here, "abort", abort_several(here.store, chosen, here.user)),
        Action.GROUP: lambda: _change(here, chosen, asked, "group_name"),
        Action.SHARE: lambda: _change(here, chosen, asked, "shared"),
    }
    return ways[action]()


def _delete(here: Context, chosen: Chosen, asked: Several) -> Done:
    at = bin_several(here.store, chosen, here.user, even_if_used=asked.even_if_used)
    return _told(here, "bin", chosen.all).model_copy(update={"at": at})


def _change(here: Context, chosen: Chosen, asked: Several, name: str) -> Done:
    changed = change_several(here.store, chosen, {name: _given(asked, name)}, here.user)
    return _told(here, "change", changed)


def _given(asked: Several, name: str) -> Any:
    value = getattr(asked, name)
    if value is None:
        raise RecipeError("the request", [Problem(name, "needed, and not given")])
    return value


def _told(here: Context, action: str, records: Sequence[OwnedRecord]) -> Done:
    done = Done(datasets=[], models=[], networks=[])
    for record in records:
        getattr(done, f"{kind_of(record)}s").append(record.id)
        here.note(f"{kind_of(record)}-{action}", record.id, record.name)
    return done
