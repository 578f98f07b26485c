"""What the process of a job watches: its home, its lease, a wish to abort, and that somebody is there."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio_process import waited

import glasshouse.jobs.lease as module
from glasshouse.errors import StoreError
from glasshouse.jobs.lease import ALONE, LeaseWatch
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, abort_job, add_job
from glasshouse.store.queue import claim, give_back
from glasshouse.store.records import JobKind
from glasshouse.store.tables import jobs
from glasshouse.store.versions import note_opening


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the lifeline does to its process, instead of doing it."""
    found: list[str] = []
    monkeypatch.setattr(module.os, "kill", lambda pid, number: found.append(signal.Signals(number).name))
    monkeypatch.setattr(module, "vanish", lambda why: found.append("vanish"))
    monkeypatch.setenv(ALONE, "2")
    return found


def lifeline(store: Store) -> LeaseWatch:
    with store.write() as connection:
        add_job(connection, NewJob(JobKind.TRAIN, "t"))
    job = claim(store, (JobKind.TRAIN,), "here", "train:0")
    assert job is not None
    lock = store.path(f"work/{job.id}") / "lock"
    lock.parent.mkdir()
    lock.touch()
    return LeaseWatch(store, job, lock)


def test_all_is_well(own: Store, sent: list[str]) -> None:
    lifeline(own).look()
    assert sent == []


def _abort(store: Store, line: LeaseWatch) -> None:
    abort_job(store, line.job.id)


def _given_away(store: Store, line: LeaseWatch) -> None:
    give_back(store, line.job.id)
    claim(store, (JobKind.TRAIN,), "elsewhere", "train:0")


def _deleted(store: Store, line: LeaseWatch) -> None:
    with store.write() as connection:
        connection.execute(jobs.delete())


def _moved(store: Store, line: LeaseWatch) -> None:
    store.home.rename(store.home.with_name("there"))


def _copied(store: Store, line: LeaseWatch) -> None:
    path = store.path(f"work/{line.job.id}") / "lock"
    path.rename(path.with_name("old"))
    path.touch()


def _alone(store: Store, line: LeaseWatch) -> None:
    import dataclasses

    line.job = dataclasses.replace(line.job, started_at=(line.job.started_at or 0) - 3 * 3600)


def _updated(store: Store, line: LeaseWatch) -> None:
    note_opening(store, "99.0")


@pytest.mark.parametrize(
    ("happens", "does"),
    [(_abort, ["SIGTERM"]), (_given_away, ["vanish"]), (_deleted, ["vanish"]), (_moved, ["SIGTERM"]),
     (_copied, ["SIGTERM"]), (_alone, ["SIGTERM"]), (_updated, ["SIGTERM"])],
)  # fmt: skip
def test_it_stops_once(
    own: Store, sent: list[str], happens: Callable[[Store, LeaseWatch], None], does: list[str]
) -> None:
    line = lifeline(own)
    happens(own, line)
    line.look()
    if does == ["SIGTERM"]:
        line.look()
    assert sent == does


def test_one_that_began_under_another_studio_goes_on(own: Store, sent: list[str]) -> None:
    """Where Glasshouse was updated under an open Studio, its worker starts processes of the new one."""
    note_opening(own, "0.0.1")
    line = lifeline(own)
    line.look()
    assert sent == []
    note_opening(own)
    line.look()
    assert sent == [], "its own version was opened now"
    note_opening(own, "99.0")
    line.look()
    assert sent == ["SIGTERM"]


def test_one_that_does_not_listen_is_ended(own: Store, sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    line = lifeline(own)
    _abort(own, line)
    line.look()
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    line.look()
    assert sent == ["SIGTERM", "vanish"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_database_out_of_reach_matters_where_others_may_take_the_job(
    own: Store, sent: list[str], monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    line = lifeline(own)

    def refuses(store: Store, job: object) -> None:
        raise StoreError("The Studio's database refused: it is gone")

    monkeypatch.setattr(module, "hold", refuses)
    monkeypatch.setattr(Store, "shared", shared)
    line.look()
    assert sent == []
    line._renewed -= 41
    line.look()
    assert sent == (["vanish"] if shared else [])


def test_vanish_ends_the_process_and_what_it_started(tmp_path: Path) -> None:
    import subprocess
    import sys

    import psutil

    script = (
        "import subprocess, sys; from glasshouse.jobs.lease import vanish\n"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True); vanish('a test')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, start_new_session=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert "ends: a test" in done.stderr
    helper = int(done.stdout)

    def gone() -> bool:
        try:
            return bool(psutil.Process(helper).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    waited(gone, "what it started ends", 30)
