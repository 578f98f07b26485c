"""Running jobs that are not this computer's by name: which nobody does any more, and which live without a worker.

With PostgreSQL several computers work on one home, and only leases tell who is gone. With SQLite all of its processes
are on one computer, whose name may change, as that of a container does at each start: there locks tell it at once.
"""

from glasshouse.jobs.local import Local, adopt, job_lock
from glasshouse.jobs.locks import is_held
from glasshouse.jobs.shutdown import worker_lock
from glasshouse.store.database import Store
from glasshouse.store.queue import running_elsewhere
from glasshouse.store.records import JobRecord
from glasshouse.store.workers import check_out, lapsed, list_workers

__all__ = ["forget_gone", "orphaned_jobs"]


def orphaned_jobs(store: Store, host: str) -> list[tuple[JobRecord, Local | None]]:
    """Return the jobs of other names than ``host`` to take over, each with its process where that lives here."""
    late = {row.id for row in lapsed(store, host)}
    found = []
    for job in running_elsewhere(store, host):
        process = None if store.shared else _orphan(store, job)
        if process is not None or job.id in late or (not store.shared and _is_lost(store, job)):
            found.append((job, process))
    return found


def forget_gone(store: Store, host: str) -> None:
    """With SQLite, list no longer the workers of other names than ``host`` that are gone."""
    for worker in [] if store.shared else list_workers(store):
        if worker.host != host and is_held(worker_lock(store, worker.host)) is False:
            check_out(store, worker.host)


def _orphan(store: Store, job: JobRecord) -> Local | None:
    """Return the living process of a job whose worker is gone."""
    return None if is_held(worker_lock(store, str(job.host))) is not False else adopt(store, job)


def _is_lost(store: Store, job: JobRecord) -> bool:
    """Whether neither a worker nor a process holds ``job``.

    A process that is just starting holds no lock yet; it will find its attempt over, and end.
    """
    return is_held(worker_lock(store, str(job.host))) is False and is_held(job_lock(store, job.id)) is False
