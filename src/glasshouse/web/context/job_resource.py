"""One kind of thing for datasets and models: a record of the store in the words of the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glasshouse.store.database import Store
from glasshouse.store.records import DatasetRecord, JobKind, JobState, ModelRecord, UserRecord
from glasshouse.web.context.resource import DATASET, MODEL, Resource, moment, owned_fields

__all__ = ["DATASET", "MODEL", "JobResource", "dataset_resource", "model_resource"]

GLIMPSE = 5  # pictures of a dataset in a list


@dataclass(frozen=True, kw_only=True)
class JobResource(Resource):
    """A dataset or a model as pages show it, with how far its job is.

    ``progress`` is 0..1, None if it is not known; ``folder`` is where its files lie; ``dataset`` is the id of a
    model's dataset. ``score`` is a model's accuracy on ``pictures`` validation pictures; of a dataset, ``pictures`` is
    how many it has. ``error`` is a sentence for people, ``details`` what a developer wants,
    ``failure`` a code of why (``Failure``). ``searches``: it is what a search finds; ``search`` is the id of the one
    whose candidate it is. ``glimpse`` are rows of some training pictures of a dataset with that ``fingerprint``.
    """

    state: str
    folder: Path
    recipe: Mapping[str, Any]
    queued_before: int = 0
    attempt: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    progress: float | None = None
    stage: str = ""
    remaining: float | None = None
    stopping: bool = False
    dataset: str | None = None
    parent: str | None = None
    error: str = ""
    details: str = ""
    failure: str = ""
    notices: Sequence[Mapping[str, str]] = ()
    score: float | None = None
    interval: tuple[float, float] | None = None
    pictures: int | None = None
    scores: Mapping[str, object] = field(default_factory=dict)
    dataset_name: str | None = None
    size: int | None = None
    classes: int | None = None
    searches: bool = False
    search: str | None = None
    fingerprint: str = ""
    glimpse: Sequence[int] = ()

    @property
    def running(self) -> bool:
        """Whether it works or waits, so that a page has something to follow."""
        return self.state in ("running", "queued")

    @property
    def seconds(self) -> float | None:
        """How long it worked, or has been working."""
        if self.started is None:
            return None
        return ((self.ended or datetime.now(UTC)) - self.started).total_seconds()

    @property
    def network(self) -> str:
        """The name of a model's network: of the catalogue, or the one its layers were given."""
        network = self.recipe.get("network", "")
        return network if isinstance(network, str) else str(network.get("name", ""))


def dataset_resource(store: Store, record: DatasetRecord, viewer: UserRecord | None = None) -> JobResource:
    """Return a dataset as pages show it to ``viewer``."""
    classes = len(record.summary["classes"]) if record.summary and "classes" in record.summary else None
    common = _common(store, record, viewer)
    summary = record.summary or {}
    train = int(summary.get("splits", {}).get("train", {}).get("count", 0)) if record.state is JobState.DONE else 0
    rows = sorted({train * k // GLIMPSE + train // (2 * GLIMPSE) for k in range(GLIMPSE)}) if train else []
    return JobResource(**common, kind=DATASET, pictures=record.pictures, size=record.size, classes=classes,
                       fingerprint=record.fingerprint or "", glimpse=rows)  # fmt: skip


def model_resource(store: Store, record: ModelRecord, viewer: UserRecord | None = None) -> JobResource:
    """Return a model as pages show it to ``viewer``."""
    scores = record.scores
    score = scores.get("accuracy", scores.get("valid_accuracy"))
    interval = tuple(scores["interval"]) if scores.get("interval") else None
    return JobResource(
        **_common(store, record, viewer),
        kind=MODEL,
        dataset=record.dataset_id,
        dataset_name=record.dataset_name,
        parent=record.parent_id,
        score=score,
        interval=interval,
        pictures=scores.get("count"),
        scores=scores,
        searches=record.job.kind is JobKind.SEARCH,
        search=record.search_id,
    )


def _common(store: Store, record: DatasetRecord | ModelRecord, viewer: UserRecord | None) -> dict[str, Any]:
    job = record.job
    return {
        **owned_fields(record, viewer),
        "state": str(job.state),
        "folder": store.path(record.folder),
        "recipe": record.recipe,
        "attempt": job.attempt,
        "started": moment(job.started_at) if job.started_at else None,
        "ended": moment(job.finished_at) if job.finished_at else None,
        "progress": job.progress if job.total or job.state is JobState.DONE else None,
        "stage": job.stage or "",
        "remaining": job.remaining,
        "stopping": job.wish == "abort" and job.state.live,
        "error": job.reason or "",
        "details": job.detail or "",
        "failure": job.failure or "",
        "notices": job.notices,
    }
