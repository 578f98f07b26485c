"""What the database holds, as frozen records; times are seconds since 1970, folders relative to the home."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "AuditEntry",
    "DatasetRecord",
    "Failure",
    "JobKind",
    "JobRecord",
    "JobState",
    "ModelRecord",
    "NetworkRecord",
    "OwnedRecord",
    "Role",
    "TokenRecord",
    "UploadRecord",
    "UserRecord",
]


class Failure(StrEnum):
    """Why a job failed, as a code on which pages rest; the reason in words is beside it."""

    NOT_FINITE = "not-finite"  # the loss or its gradient
    MEMORY = "memory"
    DATASET = "dataset"  # gone, damaged, or it does not fit
    SOURCE = "source"  # of pictures: gone, empty, unreadable
    NETWORK = "network"  # there is none of the name, or it does not fit the pictures
    WEIGHTS = "weights"
    SEARCH = "search"
    RECIPE = "recipe"
    MODEL = "model"  # gone or damaged
    DISK = "disk"  # full, or too little room
    FILE = "file"  # missing, forbidden, changed while it was read
    GPU = "gpu"
    KILLED = "killed"
    LOST = "lost"  # its process vanished again and again
    DEPENDENCY = "dependency"  # the dataset that it waited for was not made
    FAULT = "fault"  # an error that nobody foresaw, and that would most likely come again
    OTHER = "other"


class JobState(StrEnum):
    """How far a job is. An aborted or failed one can be resumed: it is then queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"

    @property
    def live(self) -> bool:
        """Whether the job will still change by itself."""
        return self in (JobState.QUEUED, JobState.RUNNING)


class JobKind(StrEnum):
    """What a job does."""

    DATASET = "dataset"
    TRAIN = "train"
    EVALUATE = "evaluate"
    CLASSIFY = "classify"
    WEIGHTS = "weights"
    SEARCH = "search"
    EXPLAIN = "explain"
    EXPORT = "export"


class Role(StrEnum):
    """What a person may do: a viewer looks, a member makes, an admin also sees and changes what others own."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"


@dataclass(frozen=True)
class JobRecord:
    """One piece of work.

    ``depends_on`` is a job that must be done first; ``position`` orders the queue (small first). Progress: ``stage``
    with ``done`` of ``total``, ``remaining`` seconds if known. A failed job has its ``reason`` in words, the
    traceback as ``detail`` and a ``Failure`` as ``failure`` (None where an older Glasshouse wrote it). ``attempt``
    counts its starts, ``losses`` those whose process vanished before it kept anything; ``heartbeat`` is its lease, by
    the database's clock. ``version`` changes when its points begin anew, ``wish`` is what a person asked of a running
    job (``abort``). ``result`` holds the numbers it ended with.
    """

    id: str
    kind: JobKind
    state: JobState
    title: str
    user_id: str | None
    dataset_id: str | None
    model_id: str | None
    depends_on: str | None
    position: float
    arguments: dict[str, Any]
    stage: str | None
    done: int
    total: int
    remaining: float | None
    notices: list[dict[str, str]]
    reason: str | None
    detail: str | None
    wish: str | None
    host: str | None
    pid: int | None
    born: float | None
    slot: str | None
    attempt: int
    version: int
    heartbeat: float | None
    result: dict[str, Any] | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    losses: int = 0
    failure: str | None = None

    @property
    def progress(self) -> float:
        """The part of the whole job that is done, 0 to 1."""
        if self.state is JobState.DONE:
            return 1.0
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True)
class DatasetRecord:
    """A dataset of the Studio; ``summary`` is ``Dataset.summary()`` once it is made, ``job`` the job that makes it."""

    id: str
    name: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    recipe: dict[str, Any]
    folder: str
    job_id: str
    fingerprint: str | None
    pictures: int | None
    size: int | None
    summary: dict[str, Any] | None
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None
    job: JobRecord

    @property
    def state(self) -> JobState:
        """The state of the job that makes it; ``done`` means that the dataset can be used."""
        return self.job.state


@dataclass(frozen=True)
class ModelRecord:
    """A run and the model it leaves; ``dataset_name`` is shown beside its id, ``scores`` are those of its last epoch.

    ``scores`` has ``epoch``, ``epochs``, ``best_epoch``, ``train_loss``, ``valid_loss``, ``valid_accuracy`` and, once
    it was scored, ``accuracy``, ``interval`` and ``count`` on the validation pictures. ``search_id`` is the model of
    the search whose candidate it is; a model whose job is a search is what that search found.
    """

    id: str
    name: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    dataset_id: str | None
    parent_id: str | None
    sweep_id: str | None
    network: str
    recipe: dict[str, Any]
    folder: str
    job_id: str
    scores: dict[str, Any]
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None
    search_id: str | None
    job: JobRecord
    dataset_name: str | None

    @property
    def state(self) -> JobState:
        """The state of the job that trains it."""
        return self.job.state


@dataclass(frozen=True)
class NetworkRecord:
    """A network of a person's own: the three parts that are compiled into a model.

    ``layers`` is a description (``glasshouse.layers.description``), ``objective`` and ``optimizer`` are those parts of
    a TrainingRecipe. It may be unfinished: ``problems`` counts what has to be put right before it can be trained.
    """

    id: str
    name: str
    owner_id: str | None
    shared: bool
    group_name: str
    notes: str
    layers: dict[str, Any]
    objective: dict[str, Any]
    optimizer: dict[str, Any]
    parameters: int
    problems: int
    revision: int
    created_at: float
    updated_at: float
    deleted_at: float | None


OwnedRecord = DatasetRecord | ModelRecord | NetworkRecord  # what has a name, notes, a group, an owner, and a bin


@dataclass(frozen=True)
class UploadRecord:
    """Files that come from a browser, in pieces; ``folder`` holds ``files/``; ``finished_at`` is set when whole."""

    id: str
    user_id: str | None
    name: str
    folder: str
    created_at: float
    finished_at: float | None


@dataclass(frozen=True)
class UserRecord:
    """A person with an account."""

    id: str
    name: str
    role: Role
    created_at: float
    disabled_at: float | None


@dataclass(frozen=True)
class TokenRecord:
    """A token for scripts; only its digest is kept."""

    id: str
    user_id: str
    name: str
    created_at: float
    used_at: float | None


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which thing, and when."""

    id: str
    at: float
    user_name: str
    action: str
    target: str
    detail: str
