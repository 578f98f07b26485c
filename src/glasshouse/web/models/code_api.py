"""A model's run as a script over the API."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from glasshouse.errors import InputError, MissingError
from glasshouse.store.datasets import get_dataset
from glasshouse.store.models import get_model
from glasshouse.web.context.context import Here
from glasshouse.web.models.code import code_of

__all__ = ["router"]

router = APIRouter(prefix="/models/{model_id}", tags=["models"])


class CodeOut(BaseModel):
    """A script in the words of a level."""

    level: str
    code: str


@router.get("/code")
def show(
    here: Here,
    model_id: str,
    level: Literal["learner", "layers", "autodiff"] = "learner",
    language: Literal["en", "ko"] = "en",
) -> CodeOut:
    """Show the run as a script that gives its numbers; 422 says why a level cannot express it."""
    record = get_model(here.store, model_id, here.user)
    try:
        dataset = (
            here.store.path(get_dataset(here.store, record.dataset_id, here.user).folder) if record.dataset_id else None
        )
    except MissingError:
        dataset = None
    found = code_of(here.store.path(record.folder), level, dataset, here.store.home, language)
    if found.reason:
        raise InputError(found.reason)
    return CodeOut(level=level, code=found.text)
