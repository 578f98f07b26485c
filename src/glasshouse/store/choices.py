"""What an admin chose for the whole Studio: how many jobs are done at once on each computer."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, insert, select

from glasshouse.errors import RefusedError
from glasshouse.store.audit import log_action
from glasshouse.store.database import Store
from glasshouse.store.records import Role, UserRecord
from glasshouse.store.tables import settings

__all__ = ["Choices", "change_choices", "get_choices"]


class Choices(BaseModel):
    """Jobs at once on each computer; ``trainings`` None means one a GPU, or one on the processor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trainings: int | None = Field(default=None, ge=1, le=64)
    datasets: int = Field(default=1, ge=1, le=16)
    answers: int = Field(default=1, ge=1, le=16)


def get_choices(store: Store) -> Choices:
    """Return what was chosen, or what holds without a choice; what a later version chose is passed over."""
    with store.read() as connection:
        found: dict[str, Any] = {row.name: row.value for row in connection.execute(select(settings))}
    return Choices(**{name: value for name, value in found.items() if name in Choices.model_fields})


def change_choices(store: Store, choices: Choices, user: UserRecord | None = None) -> Choices:
    """Keep ``choices``; workers follow within seconds, and running jobs go on.

    Raises:
        RefusedError: ``user`` is no admin.
    """
    if user is not None and user.role is not Role.ADMIN:
        raise RefusedError("Only an admin may change how many jobs are done at once.")
    with store.write() as connection:
        for name, value in choices.model_dump().items():
            connection.execute(delete(settings).where(settings.c.name == name))
            connection.execute(insert(settings).values(name=name, value=value))
        log_action(connection, user, "choices", "jobs", choices.model_dump_json())
    return choices
