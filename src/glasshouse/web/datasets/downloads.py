"""What can be taken away of a dataset: its pictures in folders or as a table, or its own files."""

from fastapi import APIRouter
from fastapi.responses import Response

from glasshouse.store.discretion import may_see_places
from glasshouse.web.context.request_context import Context
from glasshouse.web.context.resources import DatasetInPath
from glasshouse.web.datasets.attachments import dataset_file
from glasshouse.web.datasets.explorer import opened

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/datasets/{key}/table.csv")
def dataset_table(job: DatasetInPath) -> Response:
    """Return path, class, split, size and digest of each picture."""
    return dataset_file(job.name, opened(job.folder), "table.csv")


@router.get("/datasets/{key}/download/{name}")
def dataset_download(context: Context, job: DatasetInPath, name: str) -> Response:
    """Return a dataset as ``folders.zip``, ``table.csv``, ``dataset.zip``, or one of its files (``train.arrow``)."""
    return dataset_file(job.name, opened(job.folder), name, places=may_see_places(job.owner, context.user))
