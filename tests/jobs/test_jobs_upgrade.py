"""Glasshouse is updated while jobs wait and run: the new one does each to its end, once; an older one leaves."""

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text
from studio_process import PROGRAM, Home, check_told_once, digest, fill, kill, undisturbed, waited

import glasshouse
from glasshouse import __version__
from glasshouse.jobs.shutdown import OUTDATED, only_worker, reason_to_leave
from glasshouse.jobs.worker import main
from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import get_job, list_jobs
from glasshouse.store.migrations import MIGRATIONS, migrate
from glasshouse.store.models import get_model
from glasshouse.store.queue import claim
from glasshouse.store.records import JobKind, JobRecord, JobState
from glasshouse.store.versions import note_opening

LATER = "99.0"
LONG = {"network": "Dense128", "epochs": 300, "batch_size": 4, "seed": 0}
SHORT = {"network": "Dense128", "epochs": 20, "batch_size": 4, "seed": 1}
SCHEMAS = list(MIGRATIONS)


@pytest.fixture
def home(tmp_path: Path, pictures: Path) -> Iterator[Home]:
    one = Home(tmp_path / "home", pictures)
    yield one
    one.close()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of this Glasshouse, whose processes look ten times as often whether another one came."""
    quick = [("jobs/lease.py", "BEAT = 5.0", "BEAT = 0.5"), ("jobs/shutdown.py", "BETWEEN = 5.0", "BETWEEN = 0.5")]
    return sources(tmp_path_factory.mktemp("earlier"), quick)


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of a later Glasshouse, with another version and one more migration."""
    step = '    "9000-later": ("ALTER TABLE jobs ADD COLUMN later TEXT",),\n'
    changes = [
        ("__init__.py", f'__version__ = "{__version__}"', f'__version__ = "{LATER}"'),
        ("store/migrations.py", "}\n\n\ndef migrate", step + "}\n\n\ndef migrate"),
    ]
    return sources(tmp_path_factory.mktemp("later"), changes)


def sources(place: Path, changes: Sequence[tuple[str, str, str]]) -> Path:
    """Copy the sources of Glasshouse and change texts in them."""
    shutil.copytree(Path(glasshouse.__file__).parent, place / "glasshouse")  # with what is compiled of unchanged files
    for name, old, new in changes:
        file = place / "glasshouse" / name
        assert file.read_text().count(old) == 1
        file.write_text(file.read_text().replace(old, new))
    return place


def age(place: Path, schema: str) -> None:
    """Make the database at ``place`` one of an earlier ``schema``, with all that this could hold."""
    engine = create_engine(f"sqlite:///{place / 'earlier.db'}")
    with engine.begin() as connection:
        migrate(connection, upto=schema)
    engine.dispose()
    with closing(sqlite3.connect(place / "earlier.db")) as earlier:
        earlier.execute("ATTACH ? AS now", (str(place / "glasshouse.db"),))
        tables = earlier.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name != 'migrations'")
        for (table,) in tables.fetchall():
            columns = ", ".join(row[1] for row in earlier.execute(f"PRAGMA main.table_info({table})"))
            earlier.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
        earlier.commit()
    for name in ("glasshouse.db", "glasshouse.db-wal", "glasshouse.db-shm"):
        (place / name).unlink(missing_ok=True)
    (place / "earlier.db").rename(place / "glasshouse.db")


@contextmanager
def peek(home: Home) -> Iterator[Store]:
    """Open the store of a home as it is, which ``open_store`` refuses once a later Glasshouse had it."""
    store = Store(home.place, create_engine(f"sqlite:///{home.place / 'glasshouse.db'}"))
    try:
        yield store
    finally:
        store.close()


def job_of(home: Home, model: str) -> JobRecord:
    with peek(home) as store:
        return get_job(store, get_model(store, model).job_id)


def is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def ended_once(home: Home, models: list[str]) -> None:
    """Wait until all is done, and see that each training was done once."""

    def done() -> bool:
        with peek(home) as store:
            jobs = list_jobs(store)
        assert not [job for job in jobs if job.state in (JobState.FAILED, JobState.ABORTED)], jobs
        return len(jobs) == 1 + len(models) and all(job.state is JobState.DONE for job in jobs)

    waited(done, "all jobs are done")
    for model in models:
        check_told_once(home.place / "runs" / model)


@pytest.mark.parametrize("schema", SCHEMAS[:-1])
def test_what_waits_and_runs_is_there_after_a_migration_from_each_schema(
    tmp_path: Path, pictures: Path, schema: str
) -> None:
    home = Home(tmp_path / "home", pictures)
    models = fill(home, pictures, [SHORT, SHORT])
    with home.store() as store:
        assert claim(store, (JobKind.DATASET,), "here", "data:0") is not None
        before = {job.id: (job.state, job.title, job.attempt, job.host) for job in list_jobs(store)}
    age(home.place, schema)
    with closing(sqlite3.connect(home.place / "glasshouse.db")) as raw:
        assert raw.execute("SELECT max(name) FROM migrations").fetchone() == (schema,)
    with home.store() as store:
        assert {job.id: (job.state, job.title, job.attempt, job.host) for job in list_jobs(store)} == before
        assert [get_model(store, model).state for model in models] == [JobState.QUEUED] * 2


@pytest.mark.slow
@pytest.mark.system
def test_a_home_of_the_oldest_schema_goes_on_with_what_ran_and_waited(
    home: Home, pictures: Path, tmp_path: Path
) -> None:
    models = fill(home, pictures, [LONG, SHORT])
    home.start()
    waited(lambda: job_of(home, models[0]).done > 50, "the first training runs")
    home.kill_all()
    assert [job_of(home, model).state for model in models] == [JobState.RUNNING, JobState.QUEUED]
    age(home.place, SCHEMAS[0])
    home.start()
    ended_once(home, models)
    assert [job_of(home, model).attempt for model in models] == [2, 1]
    assert [digest(home.place / "runs" / model) for model in models] == undisturbed(home, models, tmp_path / "calm")


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("lives", ["the job alone", "the whole Studio"])
def test_what_an_earlier_glasshouse_runs_goes_over_to_the_later_one(
    home: Home, earlier: Path, later: Path, pictures: Path, lives: str
) -> None:
    models = fill(home, pictures, [LONG, SHORT])
    home.start(earlier)
    waited(lambda: job_of(home, models[0]).done > 50, "the first training runs")
    before = [*home.processes("worker"), *home.processes("child")]
    assert len(before) == 2
    studio = home.let_go()
    try:
        if lives == "the job alone":
            studio.kill()
            kill(before[0])
        home.start(later)
        waited(lambda: all(map(is_gone, before)), "the earlier processes end", 60)
        waited(lambda: job_of(home, models[0]).attempt == 2, "a later one goes on")
        assert {worker.environ()["PYTHONPATH"] for worker in home.processes("worker")} == {str(later)}
        ended_once(home, models)
        assert [job_of(home, model).attempt for model in models] == [2, 1]
        log = (home.place / "work" / job_of(home, models[0]).id / "log.txt").read_text()
        assert "The job stops: the Studio was opened by a later Glasshouse (9000-later)" in log
    finally:
        studio.kill()
        said = studio.communicate()[1]
    if lives == "the whole Studio":
        assert "this worker is of" in said and "No new job is begun until the Studio is started again." in said


def test_a_worker_of_another_version_leaves(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(tmp_path)
    with only_worker(store) as lock:
        note_opening(store)
        assert reason_to_leave(store, None, lock)() is None
        note_opening(store, LATER)
        assert reason_to_leave(store, None, lock)() == OUTDATED
    store.close()
    assert f"opened by Glasshouse {LATER}, and this worker is of {__version__}" in capfd.readouterr().err
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert main([str(tmp_path)]) == OUTDATED, "one that is started now takes no job"
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])


@pytest.mark.slow
@pytest.mark.system
def test_a_home_of_a_later_schema_is_refused_in_one_message(tmp_path: Path, pictures: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('9000-later', 1.0)"))
    store.close()
    before = sorted(path.name for path in tmp_path.iterdir())
    said = subprocess.run([*PROGRAM, "--home", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout) == (2, "")
    assert re.fullmatch(
        rf"Error: The Studio's database was written by a later Glasshouse \(9000-later\); this one is "
        rf"{re.escape(__version__)} and leaves it as it is\. Update Glasshouse, or choose another --home\.\n",
        said.stderr,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    worker = subprocess.run([sys.executable, "-m", "glasshouse.jobs.worker", str(tmp_path)], capture_output=True)
    assert worker.returncode == OUTDATED
