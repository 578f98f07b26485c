"""What works and waits now, as far as a person may see it: the first thing that home shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, true

from glasshouse.store.database import Store
from glasshouse.store.jobs import as_seen, job_record
from glasshouse.store.ownership import may_change, visible
from glasshouse.store.records import JobKind, JobRecord, JobState, Role, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = ["Live", "list_running"]


@dataclass(frozen=True)
class Live:
    """A job that runs or waits: ``name`` is what its dataset or model is called now, ``folder`` the run of a training.

    ``yours`` says whether the person may abort and move it.
    """

    job: JobRecord
    name: str
    folder: str | None
    yours: bool


def list_running(store: Store, viewer: UserRecord | None = None, limit: int = 100) -> list[Live]:
    """Return the jobs that run, then those that wait in the order of the queue.

    A person sees their own, and the making of datasets and the training of models that they may see.
    """
    seen_data = and_(datasets.c.id == jobs.c.dataset_id, visible(datasets, viewer))
    seen_models = and_(models.c.id == jobs.c.model_id, visible(models, viewer))
    source = jobs.outerjoin(datasets, seen_data).outerjoin(models, seen_models)
    query = select(*jobs.c, datasets.c.name, models.c.name, models.c.folder).select_from(source)
    query = query.where(jobs.c.state.in_([JobState.RUNNING, JobState.QUEUED]), _seen(viewer))
    with store.read() as connection:
        rows = connection.execute(query.order_by(jobs.c.state.desc(), jobs.c.position).limit(limit)).all()
    return [_live(row, viewer) for row in rows]


def _live(row: Sequence[Any], viewer: UserRecord | None) -> Live:
    job = as_seen(job_record(row[: len(jobs.c)]), viewer)
    dataset_name, model_name, folder = row[len(jobs.c) :]
    name = dataset_name if job.kind is JobKind.DATASET else model_name
    return Live(job, name or job.title, folder, may_change(job.user_id, viewer))


def _seen(viewer: UserRecord | None) -> Any:
    if viewer is None or viewer.role is Role.ADMIN:
        return true()
    return or_(
        jobs.c.user_id == viewer.id,
        jobs.c.user_id.is_(None),
        and_(jobs.c.kind == JobKind.DATASET, datasets.c.id.is_not(None)),
        and_(jobs.c.kind.in_([JobKind.TRAIN, JobKind.SEARCH]), models.c.id.is_not(None)),
    )
