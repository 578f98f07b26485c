"""The shortcut alarm over the API: asked for, what it found, and the accuracy with a region hidden."""

from typing import Literal

from fastapi import APIRouter

from glasshouse.errors import MissingError
from glasshouse.store.explanations import submit_explanation
from glasshouse.store.models import get_model
from glasshouse.store.shortcuts import read_hidden, read_shortcuts
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.shapes import JobOut
from glasshouse.web.shortcuts.shapes import HiddenOut, HiddenRequest, ShortcutOut, ShortcutsOut, ShortcutsRequest

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}/shortcuts", tags=["models"])


@router.post("", status_code=201)
def look(context: Context, model_id: str, request: ShortcutsRequest) -> JobOut:
    """Queue the search for shortcuts on a split."""
    return JobOut.of(submit_explanation(context.store, model_id, "shortcuts", request.split, context.user))


@router.get("")
def show(context: Context, model_id: str, split: Literal["val", "train"] = "val") -> ShortcutsOut:
    """Tell what was found, and what was measured with a region hidden."""
    run = context.store.path(get_model(context.store, model_id, context.user).folder)
    found = read_shortcuts(run, split)
    if found is None:
        raise MissingError("Nobody has looked for shortcuts on these pictures yet.")
    marks = []
    for one in found["found"]:
        hidden = read_hidden(run, split, one["box"])
        told = {**one, "label": one["class"], "hidden": hidden and HiddenOut.model_validate(_known(HiddenOut, hidden))}
        marks.append(ShortcutOut.model_validate(_known(ShortcutOut, told)))
    return ShortcutsOut.model_validate({**_known(ShortcutsOut, found), "found": marks})


@router.post("/hidden", status_code=201)
def hide(context: Context, model_id: str, request: HiddenRequest) -> JobOut:
    """Queue the measuring of the accuracy with a region hidden."""
    more = {"box": list(request.box)}
    return JobOut.of(submit_explanation(context.store, model_id, "hidden", request.split, context.user, more))


def _known(shape: type[ShortcutsOut | ShortcutOut | HiddenOut], told: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if name in shape.model_fields}
