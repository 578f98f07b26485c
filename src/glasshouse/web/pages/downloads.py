"""What can be taken away: a model as one file that ``load_model`` reads, a dataset's pictures as a table."""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from glasshouse.errors import MissingError
from glasshouse.export.archive import NAMES
from glasshouse.web.attachments import attached, dataset_file
from glasshouse.web.explorer import opened
from glasshouse.web.pages.access import DatasetJob, ModelJob

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
BLOCK = 1 << 20


@router.get("/models/{key}/download")
def model(job: ModelJob) -> StreamingResponse:
    """Return the trained model as one file."""
    folder = job.folder / "model"
    if not (folder / "model.json").is_file():
        raise MissingError(f"{job.name} has no model yet; it has one when its training is done.")
    return StreamingResponse(
        _blocks(_packed(folder)), media_type="application/zip", headers=attached(f"{job.name}.model")
    )


@router.get("/datasets/{key}/table.csv")
def dataset_table(job: DatasetJob) -> Response:
    """Return path, class, split, size and digest of each picture."""
    return dataset_file(job.name, opened(job.folder), "table.csv")


@router.get("/datasets/{key}/download/{name}")
def dataset_download(job: DatasetJob, name: str) -> Response:
    """Return a dataset as ``folders.zip``, ``table.csv``, ``dataset.zip``, or one of its files (``train.arrow``)."""
    return dataset_file(job.name, opened(job.folder), name)


def _packed(folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by _blocks, when it was sent)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in NAMES:
            if (folder / name).is_file():
                archive.write(folder / name, name)
    file.seek(0)
    return file


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block
