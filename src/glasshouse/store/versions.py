"""Which Glasshouse rules the home: that of the Studio opened last; workers and jobs of others make room for it."""

from sqlalchemy import delete, insert, select

from glasshouse import __version__
from glasshouse.store.database import Store
from glasshouse.store.migrations import MIGRATIONS
from glasshouse.store.tables import migrations_done, settings

__all__ = ["note_opening", "successor"]

OPENED = "opened_by"  # a row of the settings


def note_opening(store: Store, version: str = __version__) -> None:
    """Say that a Studio of this version opens the home: workers of another one end, and give their jobs back."""
    with store.write() as connection:
        connection.execute(delete(settings).where(settings.c.name == OPENED))
        connection.execute(insert(settings).values(name=OPENED, value=version))


def successor(store: Store, version: str = __version__) -> str | None:
    """Return what other Glasshouse than ``version`` came to the home, in words; None if it is ours."""
    with store.read() as connection:
        opened = connection.execute(select(settings.c.value).where(settings.c.name == OPENED)).scalar()
        done = set(connection.execute(select(migrations_done.c.name)).scalars())
    if later := max(done - set(MIGRATIONS), default=None):
        return f"a later Glasshouse ({later})"
    return None if opened in (None, version) else f"Glasshouse {opened}"
