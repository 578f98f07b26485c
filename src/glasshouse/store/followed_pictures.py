"""Pictures that people brought to follow them through a model: kept with its run, the latest hundred."""

import hashlib
from pathlib import Path

from glasshouse.errors import MissingError
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.records import ModelRecord, UserRecord

__all__ = ["keep_picture", "kept_picture"]

MOST = 100


def keep_picture(store: Store, model: ModelRecord, picture: bytes, user: UserRecord | None = None) -> str:
    """Keep a picture's file and return its key; the same picture has the same key."""
    folder = _folder(store, model)
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(picture).hexdigest()[:16]
    beside = folder / f".{key}.part"
    beside.write_bytes(picture)
    beside.replace(folder / key)
    files = sorted((file for file in folder.iterdir() if not file.name.startswith(".")), key=_age)
    for old in files[:-MOST]:
        old.unlink(missing_ok=True)
    with store.write() as connection:
        log_action(connection, user, "model-follow", model.id, key)
    return key


def kept_picture(store: Store, model: ModelRecord, key: str) -> bytes:
    """Return the picture of that key.

    Raises:
        MissingError: there is none, or it is no longer kept.
    """
    place = _folder(store, model) / key
    if not (len(key) == 16 and set(key) <= set("0123456789abcdef") and place.is_file()):
        raise MissingError("The picture {key} is not kept any more; bring it again.", key=key[:20])
    return place.read_bytes()


def _folder(store: Store, model: ModelRecord) -> Path:
    return store.path(model.folder) / "pictures"


def _age(file: Path) -> float:
    return file.stat().st_mtime
