"""What can be taken away: a model as one file that ``load_model`` reads, a dataset's pictures as a table."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.export.archive import NAMES
from glasshouse.web.explorer import opened
from glasshouse.web.pages.access import DatasetJob, ModelJob
from glasshouse.web.spreadsheet import cell

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
        _blocks(_packed(folder)), media_type="application/zip", headers=_named(f"{job.name}.model")
    )


@router.get("/datasets/{key}/table.csv")
def table(job: DatasetJob) -> StreamingResponse:
    """Return path, class and split of each picture."""
    lines = _lines(opened(job.folder))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_named(f"{job.name}.csv"))


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


def _lines(dataset: Dataset) -> Iterator[str]:
    yield "path,class,split\n"
    for name, part in dataset.splits.items():
        for path, label in zip(part.paths, part.labels.tolist()):
            buffer = io.StringIO()
            csv.writer(buffer, lineterminator="\n").writerow([cell(path), cell(dataset.classes[label]), name])
            yield buffer.getvalue()


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
