"""Who works: each computer's worker says now and then that it is there, and what its slots do.

A running job has a lease: its process renews the heartbeat, by the clock of the database. If a computer is gone, a
worker of another one takes its jobs over when their leases have lapsed. ``attempt``, which counts the starts of a job,
is the fence: what the process of an earlier start still writes changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update

from glasshouse.store.clock import clock, database_time
from glasshouse.store.database import Store
from glasshouse.store.records import JobRecord, JobState
from glasshouse.store.tables import jobs, workers

__all__ = ["LEASE", "Hold", "WorkerRecord", "check_in", "check_out", "hold", "lapsed", "list_workers"]

LEASE = 60.0  # seconds without a heartbeat, after which a job of another computer is taken over
FORGOTTEN = 7 * 86400.0  # seconds, after which a worker is no longer listed


@dataclass(frozen=True)
class WorkerRecord:
    """A computer's worker; ``slots`` has name, kinds, gpu, job_id, and ``aside``: why nothing is started there."""

    host: str
    version: str
    slots: list[dict[str, Any]]
    silent: float  # seconds since it was heard

    @property
    def alive(self) -> bool:
        """Whether it was heard lately."""
        return self.silent < LEASE


@dataclass(frozen=True)
class Hold:
    """What a process learns when it renews its lease: a person's wish, and how long its worker has been silent."""

    wish: str | None
    alone: float


def check_in(store: Store, host: str, version: str, slots: Sequence[dict[str, Any]]) -> None:
    """Say that the worker of ``host`` is there."""
    with store.write() as connection:
        values = {"heartbeat": clock(connection), "version": version, "slots": list(slots)}
        if not connection.execute(update(workers).where(workers.c.host == host).values(**values)).rowcount:
            connection.execute(insert(workers).values(host=host, **values))
        connection.execute(delete(workers).where(workers.c.heartbeat < clock(connection) - FORGOTTEN))


def check_out(store: Store, host: str) -> None:
    """Say that the worker of ``host`` was stopped."""
    with store.write() as connection:
        connection.execute(delete(workers).where(workers.c.host == host))


def list_workers(store: Store) -> list[WorkerRecord]:
    """Return the workers that were heard within a week, by name."""
    with store.read() as connection:
        now = database_time(connection)
        rows = connection.execute(select(workers).order_by(workers.c.host)).all()
    return [WorkerRecord(row.host, row.version, row.slots, max(0.0, now - row.heartbeat)) for row in rows]


def hold(store: Store, job: JobRecord) -> Hold | None:
    """Renew the lease of the process that does ``job``; None if the job is no longer its own."""
    with store.write() as connection:
        mine = and_(jobs.c.id == job.id, jobs.c.state == JobState.RUNNING, jobs.c.attempt == job.attempt)
        if not connection.execute(update(jobs).where(mine).values(heartbeat=clock(connection))).rowcount:
            return None
        wish = connection.execute(select(jobs.c.wish).where(jobs.c.id == job.id)).scalar()
        mine_now = select(jobs.c.host).where(jobs.c.id == job.id).scalar_subquery()  # another than at its start, maybe
        heard = connection.execute(select(workers.c.heartbeat).where(workers.c.host == mine_now)).scalar()
        since = heard if heard is not None else job.started_at or 0.0
        return Hold(wish, database_time(connection) - since)


def lapsed(store: Store, host: str, lease: float = LEASE) -> list[Row[Any]]:
    """Return (id, attempt, wish, losses) of the jobs of other hosts than ``host`` whose lease has lapsed."""
    with store.read() as connection:
        late = jobs.c.heartbeat < clock(connection) - lease
        query = select(jobs.c.id, jobs.c.attempt, jobs.c.wish, jobs.c.losses)
        return list(connection.execute(query.where(jobs.c.state == JobState.RUNNING, jobs.c.host != host, late)))
