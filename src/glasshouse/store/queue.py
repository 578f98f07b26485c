"""The workers' side of the queue: taking a job so that no other can, telling its progress, ending it.

``attempt`` is the fence: if it is given, only the start of the job that has this number changes anything.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from glasshouse.messages import Message, altered, message_of, parts_of
from glasshouse.store.clock import clock
from glasshouse.store.database import Store
from glasshouse.store.discretion import without_home
from glasshouse.store.jobs import get_job, job_record
from glasshouse.store.people import has_users
from glasshouse.store.records import Failure, JobKind, JobRecord, JobState
from glasshouse.store.tables import jobs

__all__ = [
    "beat",
    "claim",
    "end",
    "give_back",
    "running_elsewhere",
    "running_on",
    "settle_dependants",
    "tell",
    "tell_process",
]

ABORTED = Message("aborted on request; what was done is kept")


def claim(
    store: Store, kinds: tuple[JobKind, ...], host: str, slot: str, besides: Collection[str] = ()
) -> JobRecord | None:
    """Take the next queued job of ``kinds`` that waits for nothing, or None.

    Fair between users: who has fewest jobs running comes first, then who waited longest since a job of theirs was
    taken, then the order of the queue. No two workers get the same job, on SQLite or PostgreSQL. Jobs in ``besides``
    are passed over: their last process has not gone yet.
    """
    while True:
        with store.write() as connection:
            job_id = _next(connection, kinds, besides)
            if job_id is None:
                return None
            values = {"state": JobState.RUNNING, "host": host, "slot": slot, "pid": None, "born": None, "wish": None}
            progress: dict[str, Any] = {"stage": None, "done": 0, "total": 0, "remaining": None, "notices": [],
                                        "result": None, "heartbeat": clock(connection)}  # fmt: skip
            taken = connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED)
                .values(**values, **progress, attempt=jobs.c.attempt + 1, started_at=time.time())
            )
        if taken.rowcount == 1:
            return get_job(store, job_id)


def tell_process(store: Store, job_id: str, pid: int, born: float, attempt: int | None = None) -> bool:
    """Keep which process does a job: its number and when it began, because numbers are used again."""
    return _change(store, job_id, {"pid": pid, "born": born}, attempt)


def tell(store: Store, job_id: str, values: Mapping[str, Any], attempt: int | None = None) -> bool:
    """Change progress columns of a running job: stage, done, total, remaining, notices, version, losses."""
    return _change(store, job_id, values, attempt)


def beat(store: Store, ids: Collection[str], host: str) -> None:
    """Renew the leases of these jobs, if they are still ``host``'s."""
    with store.write() as connection:
        mine = (jobs.c.id.in_(list(ids)), jobs.c.host == host, jobs.c.state == JobState.RUNNING)
        connection.execute(update(jobs).where(*mine).values(heartbeat=clock(connection)))


def end(
    store: Store,
    job_id: str,
    state: JobState,
    *,
    reason: str | None = None,
    detail: str | None = None,
    failure: Failure | None = None,
    result: Mapping[str, Any] | None = None,
    attempt: int | None = None,
) -> bool:
    """End a running job; return False if it had ended already, or was started again since ``attempt``.

    If there are accounts, what is reported does not say where the Studio's home lies.
    """
    if (reason or detail) and has_users(store):
        reason = reason and altered(reason, lambda text: without_home(text, store.home))
        detail = detail and without_home(detail, store.home)
    values: dict[str, Any] = {"state": state, "reason": reason, "reason_parts": parts_of(reason),
                              "detail": detail, "pid": None, "wish": None,
                              "failure": failure}  # fmt: skip
    if result is not None:
        values["result"] = dict(result)
    return _change(store, job_id, {**values, "remaining": None, "finished_at": time.time(), "losses": 0}, attempt)


def give_back(store: Store, job_id: str, attempt: int | None = None, *, lost: bool = False) -> bool:
    """Put a running job back into the queue, at its old place: it goes on when a worker takes it again.

    It is aborted instead where a person wished that. ``lost`` counts that its process vanished.
    """
    aborted = jobs.c.wish == "abort"
    values: dict[str, Any] = {
        "state": case((aborted, JobState.ABORTED), else_=JobState.QUEUED),
        "reason": case((aborted, ABORTED), else_=None),
        "reason_parts": None,
        "finished_at": case((aborted, time.time()), else_=None),
        "wish": None, "pid": None, "born": None, "remaining": None,
    }  # fmt: skip
    if lost:
        values["losses"] = jobs.c.losses + 1
    return _change(store, job_id, values, attempt)


def running_on(store: Store, host: str) -> list[JobRecord]:
    """Return the jobs that are running on ``host``."""
    return _running(store, jobs.c.host == host)


def running_elsewhere(store: Store, host: str) -> list[JobRecord]:
    """Return the jobs that are running on other computers than ``host``, or under another name of it."""
    return _running(store, jobs.c.host != host)


def _running(store: Store, where: ColumnElement[bool]) -> list[JobRecord]:
    with store.read() as connection:
        rows = connection.execute(select(jobs).where(jobs.c.state == JobState.RUNNING, where))
        return [job_record(row) for row in rows]


def settle_dependants(store: Store) -> int:
    """Fail the queued jobs whose dataset failed or was aborted, in words; return how many."""
    made = jobs.alias("made")
    query = select(jobs.c.id, made.c.title, made.c.state, made.c.reason, made.c.reason_parts).join(
        made, made.c.id == jobs.c.depends_on
    )
    ended = [JobState.FAILED, JobState.ABORTED]
    query = query.where(jobs.c.state == JobState.QUEUED, made.c.state.in_(ended))
    with store.read() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        why = Message(": {reason}", reason=message_of(row.reason, row.reason_parts)) if row.reason else ""
        reason = Message(
            "The dataset {title} is {state}{why}. Resume the dataset first, then this.",
            title=row.title,
            state=Message(row.state),
            why=why,
        )
        with store.write() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == row.id, jobs.c.state == JobState.QUEUED)
                .values(
                    state=JobState.FAILED,
                    reason=reason,
                    reason_parts=parts_of(reason),
                    failure=Failure.DEPENDENCY,
                    finished_at=time.time(),
                )
            )
    return len(rows)


def _change(store: Store, job_id: str, values: Mapping[str, Any], attempt: int | None) -> bool:
    with store.write() as connection:
        query = update(jobs).where(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING)
        if attempt is not None:
            query = query.where(jobs.c.attempt == attempt)
        return bool(connection.execute(query.values(**values)).rowcount)


def _next(connection: Connection, kinds: tuple[JobKind, ...], besides: Collection[str]) -> str | None:
    made = jobs.alias("made")
    query = select(jobs.c.id, jobs.c.user_id).outerjoin(made, made.c.id == jobs.c.depends_on)
    query = query.where(jobs.c.state == JobState.QUEUED, jobs.c.kind.in_([str(kind) for kind in kinds]))
    ready = query.where((jobs.c.depends_on.is_(None)) | (made.c.state == JobState.DONE)).order_by(jobs.c.position)
    waiting = [row for row in connection.execute(ready) if row.id not in besides]
    if not waiting:
        return None
    running = _by_user(connection, func.count(), only_running=True)
    last = _by_user(connection, func.max(jobs.c.started_at), only_running=False)
    best = min(waiting, key=lambda row: (running.get(row.user_id, 0), last.get(row.user_id) or 0.0))
    return str(best.id)


def _by_user(connection: Connection, value: Any, *, only_running: bool) -> dict[str | None, float]:
    query = select(jobs.c.user_id, value).group_by(jobs.c.user_id)
    if only_running:
        query = query.where(jobs.c.state == JobState.RUNNING)
    return {row[0]: row[1] for row in connection.execute(query)}
