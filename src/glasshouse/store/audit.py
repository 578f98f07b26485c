"""The audit log: who did what to which thing. What changes the store writes its line in the same transaction."""

import time

from sqlalchemy import Connection, insert, select

from glasshouse.store.database import Store, new_id
from glasshouse.store.names import containing
from glasshouse.store.paging import Order, Page, page_of
from glasshouse.store.records import AuditEntry, UserRecord
from glasshouse.store.tables import audit

__all__ = ["BY_COMMAND_LINE", "NOBODY", "log_action", "log_event", "page_of_audit"]

NOBODY = "-"  # stands for the person if it is the command line, or somebody who could not sign in
BY_COMMAND_LINE = " by the command line"  # behind the details of what nobody with an account did
LONGEST = 1000  # letters of a detail


def log_action(
    connection: Connection, user: UserRecord | None, action: str, target: str = "", detail: str = ""
) -> None:
    """Write what ``user`` does, within the caller's transaction; nothing if there are no accounts (None)."""
    if user is not None:
        log_event(connection, user.name, action, target, detail)


def log_event(connection: Connection, who: str, action: str, target: str = "", detail: str = "") -> None:
    """Write what ``who`` does; ``NOBODY`` stands for no account."""
    values = {"id": new_id(), "at": time.time(), "user_name": who, "action": action, "target": target}
    connection.execute(insert(audit).values(**values, detail=detail[:LONGEST]))


def page_of_audit(
    store: Store, search: str = "", *, after: str = "", before: str = "", limit: int = 100
) -> Page[AuditEntry]:
    """Return a page of what was done, the latest first; ``search`` looks for words in who, what, which and how."""
    query = select(audit)
    for condition in containing(search, (audit.c.user_name, audit.c.action, audit.c.target, audit.c.detail)):
        query = query.where(condition)
    order = Order(audit.c.at, audit.c.id, falling=True)
    with store.read() as connection:
        found = page_of(connection, query, order, after=after, before=before, limit=limit)
    entries = [AuditEntry(r.id, r.at, r.user_name, r.action, r.target, r.detail) for r in found.items]
    return Page(entries, found.before, found.after)
