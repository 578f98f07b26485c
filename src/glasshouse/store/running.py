"""What works and waits now, as far as a person may see it: the first thing that home shows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, exists, or_, select, true

from glasshouse.store.database import Store
from glasshouse.store.jobs import job_record
from glasshouse.store.owned import visible
from glasshouse.store.records import JobKind, JobRecord, JobState, Role, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = ["count_running", "list_running"]


def list_running(store: Store, viewer: UserRecord | None = None, limit: int = 100) -> list[JobRecord]:
    """Return the jobs that run, then those that wait in the order of the queue.

    A person sees their own, and the making of datasets and the training of models that they may see.
    """
    query = select(jobs).where(_live(viewer)).order_by(jobs.c.state.desc(), jobs.c.position).limit(limit)
    with store.read() as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    return [job_record(row) for row in rows]


def count_running(store: Store, viewer: UserRecord | None = None) -> dict[str, int]:
    """Return how many jobs run and how many wait, of those that ``viewer`` may see."""
    query = select(jobs.c.state).where(_live(viewer))
    with store.read() as connection:
        states = list(connection.execute(query).scalars())
    return {str(state): states.count(state) for state in (JobState.RUNNING, JobState.QUEUED)}


def _live(viewer: UserRecord | None) -> Any:
    return and_(jobs.c.state.in_([JobState.RUNNING, JobState.QUEUED]), _seen(viewer))


def _seen(viewer: UserRecord | None) -> Any:
    if viewer is None or viewer.role is Role.ADMIN:
        return true()
    data = exists().where(datasets.c.id == jobs.c.dataset_id, visible(datasets, viewer))
    model = exists().where(models.c.id == jobs.c.model_id, visible(models, viewer))
    return or_(
        jobs.c.user_id == viewer.id,
        jobs.c.user_id.is_(None),
        and_(jobs.c.kind == JobKind.DATASET, data),
        and_(jobs.c.kind == JobKind.TRAIN, model),
    )
