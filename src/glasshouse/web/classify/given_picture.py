"""One picture that a person names instead of sending it: an address of this Studio, an upload, a path on the server.

Nothing is fetched from elsewhere. Addresses are those that the Studio's pages show: a picture of a dataset
(``/datasets/ID/pictures/SPLIT/ROW``), of a classification (``/models/ID/many/JOB/pictures/ROW``), of an upload
(``upload:ID``, ``upload:ID/NAME`` or ``/api/v1/uploads/ID/files/NAME``).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from glasshouse.data.archives.files import read_regular
from glasshouse.data.decoding.encoding import encode
from glasshouse.errors import InputError, MissingError
from glasshouse.store.database import Store
from glasshouse.store.datasets import get_dataset
from glasshouse.store.jobs import get_job
from glasshouse.store.models import get_model
from glasshouse.store.ownership import check_member
from glasshouse.store.places import allowed_path
from glasshouse.store.predictions import read_columns, read_rows
from glasshouse.store.records import UserRecord
from glasshouse.store.uploads import get_upload, safe_name, upload_source
from glasshouse.web.classify.classified import classified_picture
from glasshouse.web.context.job_resource import JobResource
from glasshouse.web.context.model_classes import model_classes
from glasshouse.web.datasets.explorer import opened

__all__ = ["LARGEST", "given_picture", "own_page", "read_picture_file"]

LARGEST = 64 * 2**20  # bytes of one picture

Viewer = UserRecord | None


def given_picture(store: Store, address: str, viewer: Viewer, host: str = "") -> tuple[bytes, str]:
    """Return the bytes of the picture at ``address`` and its name; ``host`` is how the Studio itself is called.

    Raises:
        InputError: it is no address of this Studio, nor a path in a folder that may be named.
        MissingError, RefusedError: it is not there, or may not be seen.
    """
    text = address.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InputError(
            "{address} is no address; give one of this Studio, or a path on the server.", address=repr(address[:200])
        ) from None
    if parts.scheme in ("http", "https"):
        if parts.netloc != host:
            raise InputError(
                "{netloc} is not this Studio, and nothing is fetched from elsewhere. Save the picture and drop "
                "it here, or give an address of this Studio.",
                netloc=(parts.netloc or text)[:200],
            )
        text = unquote(parts.path)
    for pattern, read in READERS.items():
        if found := re.fullmatch(pattern, text):
            return read(store, viewer, *found.groups())
    if not text.startswith("/"):
        raise InputError(
            "{address} is neither an address of this Studio nor an absolute path on the server; give one such as "
            "/datasets/…/pictures/val/3, or a path in a folder that may be used.",
            address=repr(address[:200]),
        )
    check_member(viewer)
    place = allowed_path(store, text)
    return read_picture_file(place), place.name


def own_page(job: JobResource, address: str) -> str:
    """Return the page of the picture at ``address`` within the model ``job``; "" if it has none there."""
    try:
        text = unquote(urlsplit(address.strip()).path)
    except ValueError:
        return ""
    if found := re.fullmatch(rf"/datasets/{re.escape(str(job.dataset))}/pictures/(train|val)/(\d+)", text):
        return f"{job.address}/pictures/{found[1]}/{found[2]}"
    if found := re.fullmatch(rf"{re.escape(job.address)}/many/([\w-]+)/pictures/(\d+)", text):
        return f"{job.address}/pictures/many/{found[1]}/{found[2]}"
    return ""


def read_picture_file(place: Path) -> bytes:
    """Return the bytes of a plain file of at most ``LARGEST`` bytes; whatever else it is, nothing of it is read.

    Raises:
        PictureError: it is a folder, a pipe, too large, or cannot be read.
    """
    return read_regular(place, LARGEST)


def _of_dataset(store: Store, viewer: Viewer, key: str, split: str, row: str) -> tuple[bytes, str]:
    dataset = opened(store.path(get_dataset(store, key, viewer).folder))
    part, number = dataset.splits.get(split), int(row)
    if part is None or number >= len(part):
        raise MissingError("The dataset has no picture {row} in {split}.", row=row, split=split)
    picture = np.ascontiguousarray(part.rows(np.array([number]))[0])
    return encode(picture, "png", 100), Path(part.paths[number]).name


def _of_classification(store: Store, viewer: Viewer, key: str, job_id: str, row: str) -> tuple[bytes, str]:
    job, model = get_job(store, job_id, viewer), get_model(store, key, viewer)
    folder, number = store.path(f"work/{job_id}"), int(row)
    columns = read_columns(folder, model_classes(store.path(model.folder)))
    if job.model_id != key or number >= len(columns):
        raise MissingError("There is no picture {row} in this classification.", row=row)
    (one,) = read_rows(folder, columns, [number])
    return classified_picture(store, job, one["path"])[0], Path(one["path"]).name


def _of_upload(store: Store, viewer: Viewer, key: str, name: str | None = None) -> tuple[bytes, str]:
    upload = get_upload(store, key, viewer)
    place = store.path(upload.folder) / "files" / safe_name(name) if name else store.path(upload_source(store, upload))
    if not place.is_file():
        raise MissingError(
            "The upload has no single picture {name}; name one of its files: upload:{key}/NAME.",
            name=name or "",
            key=key,
        )
    return read_picture_file(place), place.name


READERS: Mapping[str, Callable[..., tuple[bytes, str]]] = {
    r"/datasets/([\w-]+)/pictures/(\w+)/(\d+)": _of_dataset,
    r"/datasets/([\w-]+)/images/[0-9a-f]+/(\w+)/(\d+)": _of_dataset,
    r"/models/([\w-]+)/many/([\w-]+)/pictures/(\d+)": _of_classification,
    r"/api/v1/uploads/([\w-]+)/files/(.+)": _of_upload,
    r"upload:([\w-]+)(?:/(.+))?": _of_upload,
}
