"""A store of its own for each test, and things in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from glasshouse.store.database import Store, open_store
from glasshouse.store.jobs import NewJob, add_job
from glasshouse.store.queue import claim, end
from glasshouse.store.records import DatasetRecord, JobKind, JobState
from glasshouse.store.submit import NewDataset, submit_dataset
from postgresql import postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server for all tests that want one."""
    with postgresql() as address:
        yield address


@pytest.fixture
def url(server: str) -> str:
    """An empty database on that server."""
    name = f"t{uuid4().hex[:12]}"
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite, then the same on PostgreSQL."""
    opened = open_store(tmp_path, request.getfixturevalue("url") if request.param == "postgresql" else None)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "pictures").mkdir()
    opened = open_store(tmp_path / "home", folders=(tmp_path / "pictures",))
    yield opened
    opened.close()


@pytest.fixture
def put(store: Store) -> Callable[..., str]:
    """Put a training into the queue."""

    def one(title: str = "job", user: str | None = None, depends_on: str | None = None) -> str:
        with store.write() as connection:
            return add_job(connection, NewJob(JobKind.TRAIN, title, user, depends_on=depends_on))

    return one


@pytest.fixture
def dataset(store: Store) -> DatasetRecord:
    """A dataset whose job is done (its files are not there)."""
    made = submit_dataset(store, NewDataset("digits", {"source": "sample:digits"}))
    assert claim(store, (JobKind.DATASET,), "here", "data") is not None
    end(store, made.job_id, JobState.DONE)
    return made
