"""The tables as this version reads and writes them; ``migrations`` makes them."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Dialect, Double, Integer, MetaData, Table, Text, TypeDecorator

from glasshouse.recipe.bounds import is_deeper

__all__ = [
    "audit",
    "datasets",
    "jobs",
    "metadata",
    "migrations_done",
    "models",
    "networks",
    "rates",
    "sessions",
    "settings",
    "tokens",
    "uploads",
    "users",
    "workers",
]

metadata = MetaData()


class _Bounded(TypeDecorator[Any]):
    """JSON; what an older version let in and no answer can hold (nested too deep) is read as an empty object."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return {} if is_deeper(value, MOST_DEEP) else value

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl.coerce_compared_value(op, value)


MOST_DEEP = 100
JSON_TEXT = _Bounded()

migrations_done = Table(
    "migrations", metadata, Column("name", Text, primary_key=True), Column("applied_at", Double, nullable=False)
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("user_id", Text),
    Column("dataset_id", Text),
    Column("model_id", Text),
    Column("depends_on", Text),
    Column("position", Double, nullable=False),
    Column("arguments", JSON_TEXT, nullable=False),
    Column("stage", Text),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("remaining", Double),
    Column("notices", JSON_TEXT, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("wish", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("born", Double),
    Column("slot", Text),
    Column("attempt", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("heartbeat", Double),
    Column("result", JSON_TEXT),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("losses", Integer, nullable=False, server_default="0"),
    Column("failure", Text),
    Column("reason_parts", JSON_TEXT),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_id", Text),
    Column("shared", Boolean, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("recipe", JSON_TEXT, nullable=False),
    Column("folder", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("fingerprint", Text),
    Column("pictures", Integer),
    Column("size", BigInteger),
    Column("summary", JSON_TEXT),
    Column("revision", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double),
)

models = Table(
    "models",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_id", Text),
    Column("shared", Boolean, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("dataset_id", Text),
    Column("parent_id", Text),
    Column("sweep_id", Text),
    Column("network", Text, nullable=False),
    Column("recipe", JSON_TEXT, nullable=False),
    Column("folder", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("scores", JSON_TEXT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double),
    Column("search_id", Text),
)

networks = Table(
    "networks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner_id", Text),
    Column("shared", Boolean, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("layers", JSON_TEXT, nullable=False),
    Column("objective", JSON_TEXT, nullable=False),
    Column("optimizer", JSON_TEXT, nullable=False),
    Column("parameters", BigInteger, nullable=False),
    Column("problems", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text),
    Column("name", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("host", Text, primary_key=True),
    Column("heartbeat", Double, nullable=False),
    Column("version", Text, nullable=False),
    Column("slots", JSON_TEXT, nullable=False),
)

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", JSON_TEXT))

rates = Table(
    "rates",
    metadata,
    Column("host", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("pace", JSON_TEXT, nullable=False),
    Column("busy", Boolean, nullable=False),
    Column("at", Double, nullable=False),
)
