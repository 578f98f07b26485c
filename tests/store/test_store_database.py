"""The database: migrations from the oldest schema, agreement with the tables, and a home that can be moved."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from glasshouse.errors import StoreError
from glasshouse.messages import Message
from glasshouse.store.database import open_store
from glasshouse.store.datasets import get_dataset, list_datasets
from glasshouse.store.jobs import get_job, resume_job
from glasshouse.store.migrations import MIGRATIONS, migrate
from glasshouse.store.queue import claim, end
from glasshouse.store.records import JobKind, JobState
from glasshouse.store.submit import NewDataset, submit_dataset
from glasshouse.store.tables import metadata


def test_an_old_database_is_brought_up_to_date_with_what_it_held(tmp_path: Path) -> None:
    oldest = next(iter(MIGRATIONS))
    engine = create_engine(f"sqlite:///{tmp_path / 'glasshouse.db'}")
    with engine.begin() as connection:
        assert migrate(connection, upto=oldest) == [oldest]
        connection.execute(
            text(
                "INSERT INTO uploads (id, user_id, name, folder, created_at) "
                "VALUES ('u1', NULL, 'old', 'uploads/u1', 5.0)"
            )
        )
    engine.dispose()
    store = open_store(tmp_path)
    with store.read() as connection:
        assert connection.execute(text("SELECT name FROM uploads")).scalar() == "old"
        assert set(connection.execute(text("SELECT name FROM migrations")).scalars()) == set(MIGRATIONS)
    store.close()


def test_a_reason_from_before_0008_is_kept_as_text_and_a_new_one_with_its_parts(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'glasshouse.db'}")
    with engine.begin() as connection:
        assert "0008-parts-of-reasons" not in migrate(connection, upto="0007-failures")
        connection.execute(
            text(
                "INSERT INTO jobs (id, kind, title, state, position, arguments, done, total, notices, attempt, "
                "version, created_at, reason, losses) VALUES ('j1', 'train', 'Old', 'failed', 1.0, '{}', 0, 0, "
                '\'[{"kind": "odd", "message": "as it was"}]\', 1, 1, 5.0, \'pets.zip cannot be read\', 0)'
            )
        )
    engine.dispose()
    store = open_store(tmp_path)
    old = get_job(store, "j1")
    assert (old.reason, old.notices[0]["message"]) == ("pets.zip cannot be read", "as it was")
    assert not isinstance(old.reason, Message)
    resume_job(store, "j1")
    assert claim(store, (JobKind.TRAIN,), "here", "train:0") is not None
    end(store, "j1", JobState.FAILED, reason=Message("{path} cannot be read", path="pets.zip"))
    reason = get_job(store, "j1").reason
    assert isinstance(reason, Message) and (reason, reason.values["path"]) == ("pets.zip cannot be read", "pets.zip")
    store.close()


def test_the_migrations_make_exactly_the_tables_that_are_used(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    found = inspect(store.engine)
    assert set(found.get_table_names()) == set(metadata.tables)
    for name, table in metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns], name
        for column in table.columns:
            if not column.primary_key:
                assert columns[column.name]["nullable"] == column.nullable, f"{name}.{column.name}"
    store.close()


@pytest.mark.parametrize("damage", ["no database", "a torn page"])
def test_a_damaged_database_names_the_ways_out(tmp_path: Path, damage: str) -> None:
    store = open_store(tmp_path)
    submit_dataset(store, NewDataset("digits", {"source": "sample:digits", "width": 8, "height": 8}))
    store.close()
    file = tmp_path / "glasshouse.db"
    whole = file.read_bytes()
    file.write_bytes(b"no database" * 500 if damage == "no database" else whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError) as caught:
        list_datasets(open_store(tmp_path))
    said = str(caught.value)
    assert f"{file} is damaged" in said and ".recover" in said and "move it aside" in said
    file.rename(tmp_path / "aside.db")
    for beside in tmp_path.glob("glasshouse.db-*"):
        beside.unlink()
    fresh = open_store(tmp_path)
    assert list_datasets(fresh) == []
    fresh.close()


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('9999-later', 1.0)"))
    store.close()
    with pytest.raises(StoreError, match="later Glasshouse"):
        open_store(tmp_path)


def test_a_home_that_was_moved_holds_the_same(tmp_path: Path) -> None:
    store = open_store(tmp_path / "here")
    made = submit_dataset(store, NewDataset("digits", {"source": "sample:digits"}))
    (store.path(made.folder)).mkdir()
    store.close()
    (tmp_path / "here").rename(tmp_path / "there")
    moved = open_store(tmp_path / "there")
    assert [one.id for one in list_datasets(moved)] == [made.id]
    assert moved.path(get_dataset(moved, made.id).folder).is_dir()
    with moved.read() as connection:
        held = "".join(map(str, connection.execute(text("SELECT recipe, folder FROM datasets")).all()))
    assert str(tmp_path) not in held
    moved.close()
