"""Answers that a browser keeps as files."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from fastapi.responses import FileResponse, Response, StreamingResponse

from glasshouse.data.dataset import Dataset
from glasshouse.errors import MissingError
from glasshouse.web.datasets.exports import OWN_FILES, folders_zip, own_file, own_zip, table, without_sources

__all__ = ["attached", "dataset_file"]

STREAMS: Mapping[str, tuple[Callable[[Dataset], Iterator[bytes] | Iterator[str]], str]] = {
    "folders.zip": (folders_zip, "application/zip"),
    "table.csv": (table, "text/csv; charset=utf-8"),
    "dataset.zip": (own_zip, "application/zip"),
}


def dataset_file(title: str, dataset: Dataset, name: str, *, places: bool = True) -> Response:
    """Return one form of a dataset, made while it is sent; without ``places`` nothing shows where its sources lie.

    Raises:
        MissingError: it has no such form.
    """
    if name in STREAMS:
        stream, kind = STREAMS[name]
        ending = name.partition(".")[0]
        called = f"{title}.{name.partition('.')[2]}" if ending == "table" else f"{title}-{name}"
        made = own_zip(dataset, places=places) if name == "dataset.zip" else stream(dataset)
        return StreamingResponse(made, media_type=kind, headers=attached(called))
    path = own_file(dataset, name)
    if path is None:
        raise MissingError(
            "A dataset has no {name}; there are {join}.", name=name, join=", ".join([*STREAMS, *OWN_FILES])
        )
    if not places and (text := without_sources(path)) is not None:
        return Response(text, media_type="application/octet-stream", headers=attached(f"{title}-{name}"))
    return FileResponse(path, media_type="application/octet-stream", headers=attached(f"{title}-{name}"))


def attached(name: str) -> dict[str, str]:
    """Return the headers that have a browser keep the answer under ``name``."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
