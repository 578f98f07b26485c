"""What can be taken away: a model as one file that ``load_model`` reads, a dataset's pictures as a table."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response, StreamingResponse

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.export.archive import NAMES
from glasshouse.web.explorer import opened
from glasshouse.web.exports import OWN_FILES, folders_zip, own_file, own_zip, table
from glasshouse.web.pages.access import DatasetJob, ModelJob

__all__ = ["dataset_file", "router"]

router = APIRouter(include_in_schema=False)
BLOCK = 1 << 20
STREAMS: Mapping[str, tuple[Callable[[Dataset], Iterator[bytes] | Iterator[str]], str]] = {
    "folders.zip": (folders_zip, "application/zip"),
    "table.csv": (table, "text/csv; charset=utf-8"),
    "dataset.zip": (own_zip, "application/zip"),
}


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
def dataset_table(job: DatasetJob) -> Response:
    """Return path, class, split, size and digest of each picture."""
    return dataset_file(job.name, opened(job.folder), "table.csv")


@router.get("/datasets/{key}/download/{name}")
def dataset_download(job: DatasetJob, name: str) -> Response:
    """Return a dataset as ``folders.zip``, ``table.csv``, ``dataset.zip``, or one of its files (``train.arrow``)."""
    return dataset_file(job.name, opened(job.folder), name)


def dataset_file(title: str, dataset: Dataset, name: str) -> Response:
    """Return one form of a dataset, made while it is sent.

    Raises:
        MissingError: it has no such form.
    """
    if name in STREAMS:
        stream, kind = STREAMS[name]
        ending = name.partition(".")[0]
        called = f"{title}.{name.partition('.')[2]}" if ending == "table" else f"{title}-{name}"
        return StreamingResponse(stream(dataset), media_type=kind, headers=_named(called))
    path = own_file(dataset, name)
    if path is None:
        raise MissingError(f"A dataset has no {name}; there are {', '.join([*STREAMS, *OWN_FILES])}.")
    return FileResponse(path, media_type="application/octet-stream", headers=_named(f"{title}-{name}"))


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


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
