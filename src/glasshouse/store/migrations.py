"""How the tables came to be: small, named, literal steps that are never changed once they were released."""

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, text

from glasshouse import __version__
from glasshouse.errors import StoreError
from glasshouse.store.tables import migrations_done

__all__ = ["MIGRATIONS", "migrate"]

MIGRATIONS: Mapping[str, Sequence[str]] = {
    "0001-datasets-models-jobs": (
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, user_id TEXT,
            dataset_id TEXT, model_id TEXT, depends_on TEXT, position DOUBLE PRECISION NOT NULL,
            arguments JSON NOT NULL, stage TEXT, done INTEGER NOT NULL, total INTEGER NOT NULL,
            remaining DOUBLE PRECISION, notices JSON NOT NULL, reason TEXT, detail TEXT, wish TEXT,
            host TEXT, pid INTEGER, born DOUBLE PRECISION, slot TEXT, attempt INTEGER NOT NULL,
            version INTEGER NOT NULL, heartbeat DOUBLE PRECISION, result JSON,
            created_at DOUBLE PRECISION NOT NULL, started_at DOUBLE PRECISION, finished_at DOUBLE PRECISION)""",
        "CREATE INDEX jobs_by_state ON jobs (state, position)",
        """CREATE TABLE datasets (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, owner_id TEXT, shared BOOLEAN NOT NULL,
            group_name TEXT NOT NULL, notes TEXT NOT NULL, recipe JSON NOT NULL, folder TEXT NOT NULL,
            job_id TEXT NOT NULL, fingerprint TEXT, pictures INTEGER, size BIGINT, summary JSON,
            revision INTEGER NOT NULL, created_at DOUBLE PRECISION NOT NULL,
            updated_at DOUBLE PRECISION NOT NULL, deleted_at DOUBLE PRECISION)""",
        """CREATE TABLE models (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, owner_id TEXT, shared BOOLEAN NOT NULL,
            group_name TEXT NOT NULL, notes TEXT NOT NULL, dataset_id TEXT, parent_id TEXT, sweep_id TEXT,
            network TEXT NOT NULL, recipe JSON NOT NULL, folder TEXT NOT NULL, job_id TEXT NOT NULL,
            scores JSON NOT NULL, revision INTEGER NOT NULL, created_at DOUBLE PRECISION NOT NULL,
            updated_at DOUBLE PRECISION NOT NULL, deleted_at DOUBLE PRECISION)""",
        "CREATE INDEX models_by_dataset ON models (dataset_id)",
        """CREATE TABLE uploads (
            id TEXT PRIMARY KEY, user_id TEXT, name TEXT NOT NULL, folder TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, finished_at DOUBLE PRECISION)""",
    ),
    "0002-people": (
        """CREATE TABLE users (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, role TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, disabled_at DOUBLE PRECISION)""",
        """CREATE TABLE tokens (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
            created_at DOUBLE PRECISION NOT NULL, used_at DOUBLE PRECISION)""",
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, created_at DOUBLE PRECISION NOT NULL,
            expires_at DOUBLE PRECISION NOT NULL)""",
        """CREATE TABLE audit (
            id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, user_name TEXT NOT NULL, action TEXT NOT NULL,
            target TEXT NOT NULL, detail TEXT NOT NULL)""",
        "CREATE INDEX audit_by_time ON audit (at)",
    ),
    "0003-workers": (
        "ALTER TABLE jobs ADD COLUMN losses INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE workers (
            host TEXT PRIMARY KEY, heartbeat DOUBLE PRECISION NOT NULL, version TEXT NOT NULL, slots JSON NOT NULL)""",
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value JSON)",
    ),
    "0004-pages-of-lists": (
        "CREATE INDEX datasets_by_time ON datasets (deleted_at, created_at, id)",
        "CREATE INDEX models_by_time ON models (deleted_at, created_at, id)",
        "CREATE INDEX sessions_by_user ON sessions (user_id)",
    ),
    "0005-rates": (
        """CREATE TABLE rates (
            host TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, pace JSON NOT NULL, busy BOOLEAN NOT NULL,
            at DOUBLE PRECISION NOT NULL, PRIMARY KEY (host, key, kind))""",
    ),
    "0006-networks": (
        """CREATE TABLE networks (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, owner_id TEXT, shared BOOLEAN NOT NULL,
            group_name TEXT NOT NULL, notes TEXT NOT NULL, layers JSON NOT NULL, objective JSON NOT NULL,
            optimizer JSON NOT NULL, parameters BIGINT NOT NULL, problems INTEGER NOT NULL,
            revision INTEGER NOT NULL, created_at DOUBLE PRECISION NOT NULL,
            updated_at DOUBLE PRECISION NOT NULL, deleted_at DOUBLE PRECISION)""",
    ),
    "0007-failures": ("ALTER TABLE jobs ADD COLUMN failure TEXT",),
    "0008-parts-of-reasons": ("ALTER TABLE jobs ADD COLUMN reason_parts JSON",),
    "0009-candidates-of-searches": (
        "ALTER TABLE models ADD COLUMN search_id TEXT",
        "CREATE INDEX models_by_search ON models (search_id)",
    ),
}


def migrate(connection: Connection, upto: str | None = None) -> list[str]:
    """Bring the tables up to date (or to ``upto``) within the caller's write transaction; return what was done.

    Raises:
        StoreError: a later version of Glasshouse wrote the database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(716021)"))  # one process at a time
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at DOUBLE PRECISION NOT NULL)")
    )
    done = set(connection.execute(select(migrations_done.c.name)).scalars())
    if unknown := sorted(done - set(MIGRATIONS)):
        raise StoreError(
            "The Studio's database was written by a later Glasshouse ({unknown}); this one is {version} and "
            "leaves it as it is. Update Glasshouse, or choose another --home.",
            unknown=unknown[-1],
            version=__version__,
        )
    applied = []
    for name, statements in MIGRATIONS.items():
        if name not in done:
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(migrations_done.insert().values(name=name, applied_at=time.time()))
            applied.append(name)
        if name == upto:
            break
    return applied
