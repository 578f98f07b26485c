"""Uploads: files that come from a browser in pieces, and can go on after a broken connection."""

import errno
import hashlib
import shutil
import time
from collections.abc import Iterable
from io import RawIOBase
from pathlib import Path, PurePosixPath

from sqlalchemy import insert, select, update

from glasshouse.data.names import composed
from glasshouse.errors import ConflictError, MissingError, Problem, RecipeError
from glasshouse.messages import Message
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.records import Role, UploadRecord, UserRecord
from glasshouse.store.tables import uploads

__all__ = [
    "begin_upload",
    "check_disk",
    "delete_upload",
    "finish_upload",
    "forget_unfinished",
    "get_upload",
    "received",
    "received_files",
    "safe_name",
    "upload_source",
    "write_piece",
]

SPARE_BYTES = 200 * 2**20  # of disk that an upload leaves free
CHECKED_EVERY = 64 * 2**20  # bytes, after which the disk is looked at again
UNFINISHED_SECONDS = 7 * 86400.0  # after which an upload that nobody goes on with is dropped
_PART = ".part"


def begin_upload(store: Store, name: str, user: UserRecord | None = None) -> UploadRecord:
    """Begin an upload of one or many files."""
    upload_id = new_id()
    values = {
        "id": upload_id,
        "user_id": user.id if user else None,
        "name": composed(name)[:200],
        "folder": f"uploads/{upload_id}",
    }
    (store.path(f"uploads/{upload_id}") / "files").mkdir(parents=True)
    with store.write() as connection:
        connection.execute(insert(uploads).values(**values, created_at=time.time()))
        log_action(connection, user, "upload", upload_id, composed(name)[:200])
    return get_upload(store, upload_id, user)


def get_upload(store: Store, upload_id: str, viewer: UserRecord | None = None) -> UploadRecord:
    """Return one upload.

    Raises:
        MissingError: there is none, or it is somebody else's.
    """
    with store.read() as connection:
        row = connection.execute(select(uploads).where(uploads.c.id == upload_id)).first()
    hidden = row is not None and viewer is not None and viewer.role is not Role.ADMIN
    if row is None or (hidden and row.user_id not in (None, viewer.id if viewer else None)):
        raise MissingError("There is no upload {upload_id}; begin it again.", upload_id=upload_id)
    return UploadRecord(**row._mapping)


def received(store: Store, upload: UploadRecord, name: str) -> int:
    """Return how many bytes of the file ``name`` have arrived: where the next piece begins."""
    file = _file(store, upload, name)
    for place in (file, _part(file)):
        if place.is_file():
            return place.stat().st_size
    return 0


def received_files(store: Store, upload: UploadRecord) -> dict[str, int]:
    """Return how many bytes of each file have arrived, of those that are not whole too."""
    folder = store.path(upload.folder) / "files"
    found: dict[str, int] = {}
    for place in folder.rglob("*"):
        if place.is_file():
            whole = not (place.name.startswith(".") and place.name.endswith(_PART))
            named = place if whole else place.with_name(place.name[1 : -len(_PART)])
            found[named.relative_to(folder).as_posix()] = place.stat().st_size
    return found


def write_piece(
    store: Store, upload: UploadRecord, name: str, offset: int, pieces: Iterable[bytes], total: int | None = None
) -> int:
    """Append ``pieces`` to the file ``name`` and return how many bytes it has now.

    At ``total`` bytes the file is whole; without ``total`` it is whole after these pieces.

    Raises:
        ConflictError: ``offset`` is not where the file ends (ask ``received``), the upload is finished, more than
            ``total`` bytes came, or the disk is nearly full.
        RecipeError: the name is not a plain relative path.
    """
    if upload.finished_at is not None:
        raise ConflictError("This upload is finished; begin another one.")
    file = _file(store, upload, name)
    part = _part(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    have = received(store, upload, name)
    if offset != have:
        raise ConflictError(
            "{name} has {have} bytes so far, the piece begins at {offset}; go on from {have2}.",
            name=name,
            have=have,
            offset=offset,
            have2=have,
        )
    if file.exists():
        return have
    size = _append(part, name, pieces)
    if total is not None and size > total:
        part.unlink()
        raise ConflictError(
            "{name} was to have {total} bytes and {size} came; send it again from the start.",
            name=name,
            total=total,
            size=size,
        )
    if total is None or size == total:
        part.rename(file)
    return size


def _append(part: Path, name: str, pieces: Iterable[bytes]) -> int:
    check_disk(part.parent, 0)
    written = 0
    try:
        with part.open("ab", buffering=0) as target:
            for piece in pieces:
                _write(target, piece)
                written += len(piece)
                if written > CHECKED_EVERY:
                    check_disk(part.parent, 0)
                    written = 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        have = part.stat().st_size if part.exists() else 0
        raise ConflictError(
            "The disk is full: {have} bytes of {name} have arrived. Empty the bin, then go on from there.",
            have=have,
            name=name,
        ) from error
    return part.stat().st_size


def _write(target: RawIOBase, piece: bytes) -> None:
    """Write all of ``piece``; a disk that fills up takes a part of it first."""
    rest = memoryview(piece)
    while rest:
        rest = rest[target.write(rest) or 0 :]


def finish_upload(
    store: Store, upload: UploadRecord, digests: dict[str, str] | None = None, viewer: UserRecord | None = None
) -> UploadRecord:
    """Close an upload; ``digests`` maps names to SHA-256 that are checked.

    Raises:
        ConflictError: a file is not whole, or differs from its digest; it is dropped so that it can be sent again.
    """
    folder = store.path(upload.folder) / "files"
    open_parts = [p for p in folder.rglob(f".*{_PART}") if p.is_file()]
    if open_parts:
        raise ConflictError(
            "{open_parts} files are not whole yet, such as {name}; send the rest.",
            open_parts=len(open_parts),
            name=open_parts[0].name,
        )
    for name, digest in (digests or {}).items():
        file = _file(store, upload, name)
        if not file.is_file() or _sha256(file) != digest.lower():
            file.unlink(missing_ok=True)
            raise ConflictError("{name} arrived damaged (its SHA-256 differs); send it again.", name=name)
    if not any(p.is_file() for p in folder.rglob("*")):
        raise ConflictError("Nothing was uploaded: choose files or a folder.")
    with store.write() as connection:
        connection.execute(update(uploads).where(uploads.c.id == upload.id).values(finished_at=time.time()))
    return get_upload(store, upload.id, viewer)


def upload_source(store: Store, upload: UploadRecord) -> str:
    """Return what of an upload is a source, relative to the home: its one archive or table, or its folder of folders.

    Raises:
        ConflictError: the upload is not finished.
    """
    if upload.finished_at is None:
        raise ConflictError("The upload is not finished yet; wait for it.")
    folder = store.path(upload.folder) / "files"
    while True:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        if len(entries) != 1:
            break
        if entries[0].is_file():
            return entries[0].relative_to(store.home).as_posix()
        folder = entries[0]
    return folder.relative_to(store.home).as_posix()


def delete_upload(store: Store, upload: UploadRecord, user: UserRecord | None = None) -> None:
    """Drop an upload and its files; ``user`` is who asks, None if it is dropped by itself."""
    shutil.rmtree(store.path(upload.folder), ignore_errors=True)
    with store.write() as connection:
        connection.execute(uploads.delete().where(uploads.c.id == upload.id))
        log_action(connection, user, "upload-delete", upload.id, upload.name)


def forget_unfinished(store: Store, seconds: float = UNFINISHED_SECONDS) -> int:
    """Drop the uploads that were never finished and got nothing for ``seconds``; return how many."""
    now, dropped = time.time(), 0
    with store.read() as connection:
        rows = connection.execute(select(uploads).where(uploads.c.finished_at.is_(None))).all()
    for upload in (UploadRecord(**row._mapping) for row in rows):
        places = [store.path(upload.folder), *store.path(upload.folder).rglob("*")]
        latest = max((place.stat().st_mtime for place in places if place.exists()), default=upload.created_at)
        if now - max(latest, upload.created_at) > seconds:
            delete_upload(store, upload)
            dropped += 1
    return dropped


def safe_name(name: str) -> str:
    """Return a relative path as a browser tells it, with plain slashes.

    Raises:
        RecipeError: it is absolute, climbs out with ``..``, is hidden, or too long.
    """
    plain = name.replace("\\", "/")
    parts = PurePosixPath(plain).parts
    odd = not parts or plain.startswith("/") or any(p in ("..", ".") or p.startswith(".") for p in parts)
    if odd or "\0" in plain or ":" in parts[0] or len(plain) > 1000 or any(len(p.encode()) > 240 for p in parts):
        raise RecipeError(
            "the upload", [Problem("path", Message("expected a plain relative path, got {name}", name=repr(name[:80])))]
        )
    return "/".join(parts)


def check_disk(folder: Path, needed: int) -> None:
    """Refuse to fill the disk.

    Raises:
        ConflictError: fewer than ``needed`` bytes and some to spare are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise ConflictError(
            "The disk is nearly full: {free} MiB are free. Empty the bin, then resume.", free=free // 2**20
        )


def _file(store: Store, upload: UploadRecord, name: str) -> Path:
    return store.path(upload.folder) / "files" / safe_name(name)


def _part(file: Path) -> Path:
    return file.with_name(f".{file.name[:200]}{_PART}")


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
