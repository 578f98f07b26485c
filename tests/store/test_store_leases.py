"""Leases and fences: a job belongs to one start of it, and is taken over only where its computer is silent."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from glasshouse import __version__
from glasshouse.errors import RefusedError
from glasshouse.store.choices import Choices, change_choices, get_choices
from glasshouse.store.database import Store
from glasshouse.store.jobs import NewJob, abort_job, add_job, get_job
from glasshouse.store.people import add_user
from glasshouse.store.queue import beat, claim, end, give_back, tell, tell_process
from glasshouse.store.records import JobKind, JobRecord, JobState, Role
from glasshouse.store.tables import jobs, workers
from glasshouse.store.versions import note_opening, successor
from glasshouse.store.workers import LEASE, check_in, check_out, hold, lapsed, list_workers

Put = Callable[..., str]


def take(store: Store, host: str = "a") -> JobRecord:
    job = claim(store, (JobKind.TRAIN,), host, "train:0")
    assert job is not None
    return job


def age(store: Store, job_id: str, seconds: float) -> None:
    """Let the lease of a job be ``seconds`` older."""
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(heartbeat=jobs.c.heartbeat - seconds))


def test_an_earlier_start_of_a_job_changes_nothing_any_more(store: Store, put: Put) -> None:
    put()
    first = take(store, "a")
    assert give_back(store, first.id, first.attempt, lost=True)
    second = take(store, "b")
    assert (second.id, second.attempt, second.losses) == (first.id, 2, 1)
    assert hold(store, first) is None
    for write in (
        lambda: tell(store, first.id, {"done": 99}, first.attempt),
        lambda: tell_process(store, first.id, 1, 1.0, first.attempt),
        lambda: end(store, first.id, JobState.DONE, attempt=first.attempt),
        lambda: give_back(store, first.id, first.attempt),
    ):
        assert not write()
    beat(store, [first.id], "a")
    now = get_job(store, first.id)
    assert (now.state, now.done, now.host, now.pid) == (JobState.RUNNING, 0, "b", None)
    assert now.heartbeat == second.heartbeat, "a host renews its own leases only"
    assert end(store, second.id, JobState.DONE, attempt=second.attempt)


def test_only_a_silent_computer_loses_its_jobs(store: Store, put: Put) -> None:
    put(), put()
    quiet, heard = take(store, "a"), take(store, "a")
    for job in (quiet, heard):
        age(store, job.id, LEASE + 5)
    assert lapsed(store, "a") == [], "its own jobs are judged by their processes"
    assert hold(store, heard) is not None
    assert [row.id for row in lapsed(store, "b")] == [quiet.id]
    beat(store, [quiet.id], "a")
    assert lapsed(store, "b") == []


def test_a_wish_to_abort_outlives_the_loss_of_the_job(store: Store, put: Put) -> None:
    job_id = put()
    job = take(store)
    abort_job(store, job_id)
    held = hold(store, job)
    assert held is not None and held.wish == "abort"
    assert give_back(store, job_id, job.attempt, lost=True)
    after = get_job(store, job_id)
    assert (after.state, after.wish) == (JobState.ABORTED, None)
    assert after.reason == "aborted on request; what was done is kept"


def test_workers_check_in_and_out(store: Store, put: Put) -> None:
    put()
    job = take(store, "a")
    alone = hold(store, job)
    assert alone is not None and alone.alone < 5, "without a worker it counts from its start"
    slot = {"name": "gpu:0", "kinds": ["train"], "gpu": "0", "job_id": job.id, "aside": None}
    check_in(store, "a", "1", [slot])
    check_in(store, "a", "2", [slot])
    (worker,) = list_workers(store)
    assert (worker.host, worker.version, worker.slots, worker.alive) == ("a", "2", [slot], True)
    with store.write() as connection:
        connection.execute(update(workers).values(heartbeat=workers.c.heartbeat - 3 * LEASE))
    assert not list_workers(store)[0].alive
    held = hold(store, job)
    assert held is not None and held.alone == pytest.approx(3 * LEASE, abs=5)
    check_out(store, "a")
    assert list_workers(store) == []


def test_another_glasshouse_that_came_to_the_home_is_seen(either: Store) -> None:
    assert successor(either) is None, "no Studio was opened yet"
    note_opening(either)
    assert (successor(either), successor(either, "0.0.1")) == (None, f"Glasshouse {__version__}")
    note_opening(either, "99.0")
    assert successor(either) == "Glasshouse 99.0"
    note_opening(either)
    assert successor(either) is None, "the Studio that was opened last counts, an earlier Glasshouse's too"
    with either.write() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('9999-later', 1.0)"))
    assert successor(either) == "a later Glasshouse (9999-later)"


def test_a_process_that_was_adopted_under_another_name_has_that_worker(either: Store) -> None:
    with either.write() as connection:
        add_job(connection, NewJob(JobKind.TRAIN, "t"))
    job = take(either, "before")
    check_in(either, "after", "1", [])
    with either.write() as connection:
        connection.execute(update(jobs).values(started_at=jobs.c.started_at - 1e6))
    assert tell(either, job.id, {"host": "after"}, job.attempt)
    held = hold(either, replace(job, started_at=0.0))
    assert held is not None and held.alone < 5


def test_choices_are_kept_and_an_admins(store: Store) -> None:
    assert get_choices(store) == Choices(trainings=None, datasets=1, answers=1)
    change_choices(store, Choices(trainings=3))
    assert get_choices(store).trainings == 3
    with pytest.raises(RefusedError, match="Only an admin"):
        change_choices(store, Choices(), add_user(store, "anna", "a long password", Role.MEMBER))


def test_heartbeats_are_no_older_than_they_look(store: Store, put: Put) -> None:
    put()
    assert take(store).heartbeat == pytest.approx(time.time(), abs=5)
