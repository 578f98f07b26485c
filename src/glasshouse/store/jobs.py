"""The queue: jobs are put in, moved, looked at, aborted and resumed here; workers take them by ``queue``."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, insert, or_, select, update

from glasshouse.errors import ConflictError, MissingError, RefusedError
from glasshouse.messages import Message, altered, message_of, with_messages
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store, new_id
from glasshouse.store.discretion import without_places
from glasshouse.store.records import JobKind, JobRecord, JobState, Role, UserRecord
from glasshouse.store.tables import datasets, jobs, models

__all__ = [
    "NewJob",
    "abort_job",
    "add_job",
    "as_seen",
    "check_job",
    "get_job",
    "job_record",
    "killed_before",
    "list_jobs",
    "may_see",
    "move_job",
    "resume_job",
]


_LIVE = jobs.c.state.in_([JobState.RUNNING, JobState.QUEUED])
_LIVE_FIRST = (case((_LIVE, 0), else_=1), jobs.c.created_at.desc())


@dataclass(frozen=True)
class NewJob:
    """What a job is to do; ``id`` may be given where other records name it already."""

    kind: JobKind
    title: str
    user_id: str | None = None
    dataset_id: str | None = None
    model_id: str | None = None
    depends_on: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_id)


def add_job(connection: Connection, new: NewJob) -> str:
    """Put a job at the end of the queue, within the caller's transaction; return its id."""
    last = connection.execute(select(func.max(jobs.c.position))).scalar() or 0.0
    values: dict[str, Any] = {
        "id": new.id, "kind": new.kind, "title": new.title, "user_id": new.user_id, "dataset_id": new.dataset_id,
        "model_id": new.model_id, "depends_on": new.depends_on, "arguments": new.arguments,
        "state": JobState.QUEUED, "position": last + 1.0, "done": 0, "total": 0, "notices": [], "attempt": 0,
        "version": 0, "created_at": time.time(),
    }  # fmt: skip
    connection.execute(insert(jobs).values(**values))
    return new.id


def job_record(values: Sequence[Any]) -> JobRecord:
    """Build the record from the columns of ``jobs`` in their order."""
    data = dict(zip(jobs.c.keys(), values))
    parts = data.pop("reason_parts")
    data["reason"] = data["reason"] and message_of(data["reason"], parts)
    data["notices"] = with_messages(data["notices"])
    return JobRecord(**{**data, "kind": JobKind(data["kind"]), "state": JobState(data["state"])})


def get_job(store: Store, job_id: str, viewer: UserRecord | None = None) -> JobRecord:
    """Return one job.

    Raises:
        MissingError: there is none, or ``viewer`` may not see it.
    """
    with store.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None or not may_see(job_record(row), viewer):
        raise MissingError("There is no job {job_id}.", job_id=job_id)
    return job_record(row)


def list_jobs(
    store: Store,
    viewer: UserRecord | None = None,
    *,
    states: Sequence[JobState] = (),
    model_id: str | None = None,
    dataset_id: str | None = None,
    kind: JobKind | None = None,
    limit: int = 200,
) -> list[JobRecord]:
    """Return jobs: running first, then queued in their order, then ended ones, the latest first."""
    query: Select[Any] = select(jobs)
    if states:
        query = query.where(jobs.c.state.in_([str(state) for state in states]))
    for column, value in ((jobs.c.model_id, model_id), (jobs.c.dataset_id, dataset_id), (jobs.c.kind, kind)):
        if value is not None:
            query = query.where(column == value)
    if viewer is not None and viewer.role is not Role.ADMIN:
        query = query.where(or_(jobs.c.user_id == viewer.id, jobs.c.user_id.is_(None)))
    with store.read() as connection:
        rows: Sequence[Row[Any]] = connection.execute(query.order_by(*_LIVE_FIRST).limit(limit)).all()
    return sorted(map(job_record, rows), key=_order)


def may_see(job: JobRecord, viewer: UserRecord | None) -> bool:
    """Whether ``viewer`` (None: no accounts) may see ``job``."""
    return viewer is None or viewer.role is Role.ADMIN or job.user_id in (None, viewer.id)


def as_seen(job: JobRecord, viewer: UserRecord | None) -> JobRecord:
    """Return the job as who sees its dataset or model may see it: its traceback, arguments, places are its owner's."""
    if may_see(job, viewer):
        return job
    notices = [{name: altered(text, without_places) for name, text in one.items()} for one in job.notices]
    reason = None if job.reason is None else altered(job.reason, without_places)
    return replace(job, detail=None, arguments={}, host=None, pid=None, reason=reason, notices=notices)


def check_job(job: JobRecord, user: UserRecord | None) -> None:
    """Refuse a change by who may only look.

    Raises:
        RefusedError: ``user`` is a viewer, or the job is somebody else's.
    """
    if user is None or user.role is Role.ADMIN:
        return
    if user.role is Role.VIEWER:
        raise RefusedError("Your account may look and not change; ask an admin for the role member.")
    if job.user_id not in (None, user.id):
        raise RefusedError("{title} is somebody else's; only its owner or an admin may change it.", title=job.title)


def abort_job(store: Store, job_id: str, user: UserRecord | None = None) -> JobRecord:
    """Abort a job: a queued one at once, a running one as soon as its process has kept what it did.

    Raises:
        RefusedError: it is somebody else's.
        ConflictError: the job has ended.
    """
    check_job(get_job(store, job_id), user)
    now = time.time()
    with store.write() as connection:
        queued = connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED)
            .values(
                state=JobState.ABORTED, finished_at=now, reason=Message("aborted before it began"), reason_parts=None
            )
        )
        running = connection.execute(
            update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING).values(wish="abort")
        )
        if queued.rowcount or running.rowcount:
            _log_job(connection, user, "abort", job_id)
    job = get_job(store, job_id)
    if not queued.rowcount and not running.rowcount:
        raise ConflictError("{title} is {state}: there is nothing to abort.", title=job.title, state=Message(job.state))
    return job


def resume_job(store: Store, job_id: str, user: UserRecord | None = None) -> JobRecord:
    """Queue an aborted or failed job again; a training goes on from its last checkpoint.

    Raises:
        RefusedError: it is somebody else's.
        ConflictError: the job is queued, running or done.
    """
    check_job(get_job(store, job_id), user)
    with store.write() as connection:
        last = connection.execute(select(func.max(jobs.c.position))).scalar() or 0.0
        changed = connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.state.in_([JobState.ABORTED, JobState.FAILED]))
            .values(
                state=JobState.QUEUED,
                wish=None,
                reason=None,
                reason_parts=None,
                detail=None,
                failure=None,
                finished_at=None,
                position=last + 1.0,
            )
        )
        if changed.rowcount:
            _log_job(connection, user, "resume", job_id)
    job = get_job(store, job_id)
    if changed.rowcount:
        killed_before(store, job_id).unlink(missing_ok=True)
    else:
        raise ConflictError(
            "{title} is {state}: only an aborted or failed job can be resumed.", title=job.title, state=job.state
        )
    return job


def killed_before(store: Store, job_id: str) -> Path:
    """Return the file that is there when a job was begun again by itself after a signal ended its process."""
    return store.path(f"work/{job_id}") / "killed"


def move_job(store: Store, job_id: str, before: str | None, user: UserRecord | None = None) -> None:
    """Move a queued job before another queued one, or to the end of the queue.

    Raises:
        RefusedError: it is somebody else's, or it would overtake one that is (only an admin decides between people).
        ConflictError: one of them is no longer queued.
    """
    for one in (job_id, before):
        if one is not None:
            check_job(get_job(store, one), user)
    with store.write() as connection:
        rows = connection.execute(
            select(jobs.c.id, jobs.c.position).where(jobs.c.state == JobState.QUEUED).order_by(jobs.c.position)
        ).all()
        order = [row.id for row in rows]
        if job_id not in order or (before is not None and before not in order):
            raise ConflictError("The queue has changed meanwhile: only waiting jobs can be moved. Look at it again.")
        order.remove(job_id)
        order.insert(len(order) if before is None else order.index(before), job_id)
        for moved, row in zip(order, rows):
            connection.execute(update(jobs).where(jobs.c.id == moved).values(position=row.position))
        log_action(connection, user, "job-move", job_id, f"before {before}" if before else "to the end")


def _log_job(connection: Connection, user: UserRecord | None, action: str, job_id: str) -> None:
    """Write what is done to a job: under the dataset or model that it makes, if it makes one."""
    job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
    made = {JobKind.DATASET: (datasets, job.dataset_id), JobKind.TRAIN: (models, job.model_id),
            JobKind.SEARCH: (models, job.model_id)}  # fmt: skip
    table, key = made.get(JobKind(job.kind), (jobs, None))
    if key is None:
        log_action(connection, user, f"job-{action}", job_id, job.title)
    else:
        name = connection.execute(select(table.c.name).where(table.c.id == key)).scalar()
        log_action(connection, user, f"{table.name.removesuffix('s')}-{action}", key, name or job.title)


def _order(job: JobRecord) -> tuple[int, float]:
    if job.state is JobState.RUNNING:
        return 0, job.started_at or 0.0
    if job.state is JobState.QUEUED:
        return 1, job.position
    return 2, -(job.finished_at or job.created_at)
