"""A model's run as a script over the API."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from glasshouse.errors import InputError, MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.context.request_context import Context
from glasshouse.web.models.code import code_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])


class CodeOut(BaseModel):
    """A script in the words of a level."""

    level: str
    code: str


@router.get("/code")
def show(
    context: Context,
    model_id: str,
    level: Literal["learner", "layers", "autodiff"] = "learner",
    language: Literal["en", "ko"] = "en",
) -> CodeOut:
    """Show the run as a script that gives its numbers; 422 says why a level cannot express it."""
    record = get_model(context.store, model_id, context.user)
    try:
        dataset = (
            context.store.path(get_dataset(context.store, record.dataset_id, context.user).folder)
            if record.dataset_id
            else None
        )
    except MissingError:
        dataset = None
    found = code_of(context.store.path(record.folder), level, dataset, context.store.home, language)
    if found.reason:
        raise InputError(found.reason)
    return CodeOut(level=level, code=found.text)
