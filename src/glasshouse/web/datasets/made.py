"""What the pages of a dataset share once it is made: opening it, what stands around each view, addresses within it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from glasshouse.data.dataset import Dataset
from glasshouse.data.stored.rows import Split
from glasshouse.errors import GlasshouseError
from glasshouse.store.datasets import dependants
from glasshouse.web.context.class_names import names_of_dataset
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.request_context import RequestContext
from glasshouse.web.datasets.explorer import opened
from glasshouse.web.framework.templating import page

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["FOREVER", "THUMB", "Frame", "Within", "open_made", "part_of", "query_of", "tab_page"]

THUMB = 160  # pixels of a small picture's longer side
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


@dataclass(frozen=True)
class Frame:
    """What is around every view of a dataset; ``users`` are the models on it, ``names`` the names shown of classes."""

    job: JobResource
    dataset: Dataset
    users: Sequence[tuple[str, str]]
    binned: datetime | None
    names: Mapping[str, str]


class Within(BaseModel):
    """The class and the words of the path that a search asks for."""

    label: str = Field("", alias="class")
    q: str = ""


def open_made(job: JobResource) -> Dataset:
    """Return a dataset that is made; what hinders it is answered with status 409."""
    try:
        return opened(job.folder)
    except GlasshouseError as error:
        raise HTTPException(409, str(error)) from None


def part_of(dataset: Dataset, split: str, row: int) -> Split:
    """Return the split that has this row; any other is answered with status 404."""
    part = dataset.splits.get(split)
    if part is None or not 0 <= row < len(part):
        raise HTTPException(404)
    return part


def tab_page(
    request: Request, context: RequestContext, job: JobResource, dataset: Dataset, template: str,
    shown: "DataclassInstance", status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """Answer with a view of a dataset, with its name, state, buttons and tabs above."""
    users = dependants(context.store, job.id, context.user)
    names = names_of_dataset(dataset.path, dataset.classes)
    return page(request, template, Frame(job, dataset, users, job.binned, names), shown, status=status)


def query_of(values: Mapping[str, object]) -> str:
    """Return an address's query of the values that are there, with its question mark; nothing if none is."""
    kept = {key: value for key, value in values.items() if value not in ("", None)}
    return f"?{urlencode(kept)}" if kept else ""
