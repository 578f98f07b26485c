"""What the folder of a run holds for a person: checkpoints and the log."""

from dataclasses import dataclass
from pathlib import Path

from glasshouse.errors import ConflictError, MissingError
from glasshouse.store.database import Store
from glasshouse.store.records import ModelRecord

__all__ = ["Checkpoint", "delete_checkpoint", "list_checkpoints", "read_log"]


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


def delete_checkpoint(store: Store, model: ModelRecord, name: str) -> None:
    """Delete one checkpoint.

    Raises:
        ConflictError: the training is not at an end, or could not be resumed without it.
        MissingError: there is none of that name.
    """
    if model.state.live:
        raise ConflictError(f"{model.name} is {model.state}; abort it, or wait until it is done.")
    if name == "last.safetensors" and model.state != "done":
        raise ConflictError(f"{model.name} can only be resumed with {name}; it stays.")
    if name not in {one.name for one in list_checkpoints(store, model)}:
        raise MissingError(f"{model.name} has no checkpoint {name}.")
    (store.path(model.folder) / "checkpoints" / name).unlink()


def read_log(store: Store, job_id: str, last: int = 100_000) -> str:
    """Return the last bytes of what a job's process wrote on its terminal."""
    path: Path = store.path(f"work/{job_id}") / "log.txt"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - last))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
