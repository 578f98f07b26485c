"""What the folder of a run holds for a person: checkpoints; and the log of its job."""

from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import ConflictError, MissingError
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.ownership import check_change
from glasshouse.store.records import ModelRecord, UserRecord

__all__ = [
    "Checkpoint",
    "checkpoint_file",
    "delete_checkpoint",
    "list_checkpoints",
    "log_size",
    "read_log",
    "read_log_since",
]


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint; ``size`` in bytes, ``written_at`` in seconds since 1970."""

    name: str
    size: int
    written_at: float


def list_checkpoints(store: Store, model: ModelRecord) -> list[Checkpoint]:
    """Return the checkpoints of a run, the latest first."""
    folder = store.path(model.folder) / "checkpoints"
    files = [file for file in folder.glob("*.safetensors") if not file.name.startswith(".")]
    found = [Checkpoint(file.name, file.stat().st_size, file.stat().st_mtime) for file in files]
    return sorted(found, key=lambda one: (-one.written_at, one.name))


def delete_checkpoint(store: Store, model: ModelRecord, name: str, user: UserRecord | None = None) -> None:
    """Delete one checkpoint.

    Raises:
        RefusedError: ``user`` may not change the model.
        ConflictError: the training is not at an end, or could not be resumed without it.
        MissingError: there is none of that name.
    """
    check_change(model, user)
    if model.state.live:
        raise ConflictError(
            "{name} is {state}; abort it, or wait until it is done.", name=model.name, state=model.state
        )
    if name == "last.safetensors" and model.state != "done":
        raise ConflictError("{name} can only be resumed with {name2}; it stays.", name=model.name, name2=name)
    checkpoint_file(store, model, name).unlink()
    with store.write() as connection:
        log_action(connection, user, "checkpoint-delete", model.id, name)


def checkpoint_file(store: Store, model: ModelRecord, name: str) -> Path:
    """Return where a checkpoint of a run lies.

    Raises:
        MissingError: there is none of that name.
    """
    if name not in {one.name for one in list_checkpoints(store, model)}:
        raise MissingError("{name} has no checkpoint {name2}.", name=model.name, name2=name)
    return store.path(model.folder) / "checkpoints" / name


def read_log(store: Store, job_id: str, last: int = 100_000) -> str:
    """Return the last bytes of what a job's process wrote on its terminal."""
    return read_log_since(store, job_id, max(0, log_size(store, job_id) - last))[0]


def read_log_since(store: Store, job_id: str, since: int, most: int = 1_000_000) -> tuple[str, int]:
    """Return what a job's process wrote on its terminal behind its first ``since`` bytes, and where that ends."""
    try:
        with _log(store, job_id).open("rb") as file:
            file.seek(since if since <= log_size(store, job_id) else 0)
            found = file.read(most)
            return found.decode("utf-8", "replace"), file.tell()
    except FileNotFoundError:
        return "", 0


def log_size(store: Store, job_id: str) -> int:
    """Return how many bytes a job's process wrote on its terminal."""
    try:
        return _log(store, job_id).stat().st_size
    except FileNotFoundError:
        return 0


def _log(store: Store, job_id: str) -> Path:
    return store.path(f"work/{job_id}") / "log.txt"
